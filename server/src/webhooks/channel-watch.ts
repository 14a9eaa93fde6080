import type { ChannelObserver } from "../core/channels.ts"
import { setNewest } from "../core/collections.ts"
import type { PresenceChange } from "../core/presence.ts"
import type { Told, ToldChange, WebhookEvent } from "./event.ts"

/** That something ended (a channel is vacated, a member removed) is told this much later; what is back by then never ended. */
export const DEBOUNCE_MS = 3_000
/** After a restart, clients have this long to come back before the channels they held count as vacated. */
export const RETURN_MS = 30_000
/** Call `tick` about this often. */
export const WATCH_EVERY_MS = 250

const LARGE_FROM = 100
const LARGE_EVERY_MS = 5_000
const CACHE_MISS_EVERY_MS = 10_000
const MAX_CACHE_MISSES = 10_000

/** A channel of core under the name its app uses. */
export interface WatchedChannel {
  readonly appId: string
  readonly channel: string
  readonly hasMembers: boolean
  readonly tellsCounts: boolean
}

/** What the watch asks, and where its events go. */
export interface ChannelWatchParts {
  /** Undefined: no app has webhooks about this channel. */
  readonly describe: (coreChannel: string) => WatchedChannel | undefined
  readonly add: (event: WebhookEvent, told?: ToldChange) => void
  readonly nowMs: () => number
}

/**
 * Turns who comes and goes into events for back ends: channels occupied and vacated, members added and removed, once
 * per channel and user, with short absences left out. What was told last is kept on disk with the events, so that what
 * ended while the server was down is still told after a crash.
 */
export class ChannelWatch implements ChannelObserver {
  readonly #parts: ChannelWatchParts
  /** What back ends were told to be so, by `keyOf`. */
  readonly #told = new Set<string>()
  /** How many members of it back ends believe in, by `keyOf` of the channel. */
  readonly #membersTold = new Map<string, number>()
  /** Ends not yet told. */
  readonly #leaving = new Map<string, { readonly told: Told; readonly dueMs: number }>()
  /** As `#leaving`, for what was told before the restart. */
  readonly #returning = new Map<string, { readonly told: Told; readonly dueMs: number }>()
  /** By core channel: count that has not been told. */
  readonly #counts = new Map<string, number>()
  readonly #countedAtMs = new Map<string, number>()
  readonly #cacheMissedAtMs = new Map<string, number>()

  constructor(parts: ChannelWatchParts) {
    this.#parts = parts
  }

  /** What back ends had been told before the restart. What has begun again since is left as it is. */
  restore(told: readonly Told[]): void {
    const dueMs = this.#parts.nowMs() + RETURN_MS
    for (const one of told) {
      const key = keyOf(one)
      if (this.#told.has(key)) continue
      this.#believe(one)
      this.#returning.set(key, { told: one, dueMs })
    }
  }

  subscribed(coreChannel: string, count: number): void {
    const watched = this.#parts.describe(coreChannel)
    if (!watched) return
    if (count === 1) this.#came(watched)
    if (watched.tellsCounts) this.#counts.set(coreChannel, count)
  }

  unsubscribed(coreChannel: string, count: number): void {
    const watched = this.#parts.describe(coreChannel)
    if (!watched) return
    if (count === 0) this.#went(watched)
    if (watched.tellsCounts) this.#counts.set(coreChannel, count)
  }

  presence({ kind, channel, info, ofUser, goneForMs = 0 }: PresenceChange): void {
    if (!ofUser || info.user === "") return
    const watched = this.#parts.describe(channel)
    if (!watched?.hasMembers) return
    const told = { appId: watched.appId, channel: watched.channel, userId: info.user }
    if (kind === "join") this.#came(told)
    else this.#went(told, Math.max(0, DEBOUNCE_MS - goneForMs))
  }

  /** A subscriber found nothing in a cache channel. Many at once are one. */
  cacheMiss(appId: string, channel: string): void {
    const key = keyOf({ appId, channel })
    const nowMs = this.#parts.nowMs()
    if (nowMs - (this.#cacheMissedAtMs.get(key) ?? Number.NEGATIVE_INFINITY) < CACHE_MISS_EVERY_MS) return
    setNewest(this.#cacheMissedAtMs, key, nowMs, MAX_CACHE_MISSES)
    this.#parts.add({ appId, name: "cache_miss", channel })
  }

  tick(): void {
    const nowMs = this.#parts.nowMs()
    const due = [...takeDue(this.#leaving, nowMs), ...takeDue(this.#returning, nowMs)]
    // The last member leaves before the channel is empty.
    due.sort((a, b) => Number(a.userId === undefined) - Number(b.userId === undefined))
    for (const told of due) this.#tellEnd(told)
    this.#tellCounts(nowMs)
  }

  #came({ appId, channel, userId }: Told): void {
    const told: Told = { appId, channel, ...(userId === undefined ? {} : { userId }) }
    const key = keyOf(told)
    this.#leaving.delete(key)
    this.#returning.delete(key)
    if (this.#told.has(key)) return
    this.#believe(told)
    this.#parts.add(eventOf(told, "channel_occupied", "member_added"), { ...told, isTrue: true })
  }

  #went({ appId, channel, userId }: Told, waitMs = DEBOUNCE_MS): void {
    const told: Told = { appId, channel, ...(userId === undefined ? {} : { userId }) }
    const key = keyOf(told)
    if (!this.#told.has(key)) return
    this.#leaving.delete(key)
    this.#leaving.set(key, { told, dueMs: this.#parts.nowMs() + waitMs })
  }

  #believe(told: Told): void {
    this.#told.add(keyOf(told))
    if (told.userId !== undefined) this.#countMember(told, 1)
  }

  #countMember({ appId, channel }: Told, by: 1 | -1): void {
    const key = keyOf({ appId, channel })
    const count = (this.#membersTold.get(key) ?? 0) + by
    if (count > 0) this.#membersTold.set(key, count)
    else this.#membersTold.delete(key)
  }

  #tellEnd(told: Told): void {
    const key = keyOf(told)
    // Members whose connection broke have their grace first: the channel's goodbye waits for theirs.
    if (this.#membersTold.has(key)) {
      this.#leaving.set(key, { told, dueMs: this.#parts.nowMs() })
      return
    }
    this.#told.delete(key)
    if (told.userId !== undefined) this.#countMember(told, -1)
    this.#parts.add(eventOf(told, "channel_vacated", "member_removed"), { ...told, isTrue: false })
  }

  #tellCounts(nowMs: number): void {
    for (const [coreChannel, count] of this.#counts) {
      const toldAtMs = this.#countedAtMs.get(coreChannel) ?? Number.NEGATIVE_INFINITY
      if (count > LARGE_FROM && nowMs - toldAtMs < LARGE_EVERY_MS) continue
      this.#counts.delete(coreChannel)
      if (count === 0) this.#countedAtMs.delete(coreChannel)
      else this.#countedAtMs.set(coreChannel, nowMs)
      const watched = this.#parts.describe(coreChannel)
      if (!watched) continue
      const { appId, channel } = watched
      this.#parts.add({ appId, name: "subscription_count", channel, fields: { subscription_count: count } })
    }
  }
}

function takeDue(queue: Map<string, { readonly told: Told; readonly dueMs: number }>, nowMs: number): Told[] {
  const due: Told[] = []
  for (const [key, { told, dueMs }] of queue) {
    if (dueMs > nowMs) continue
    queue.delete(key)
    due.push(told)
  }
  return due
}

function eventOf({ appId, channel, userId }: Told, ofChannel: string, ofMember: string): WebhookEvent {
  return userId === undefined
    ? { appId, name: ofChannel, channel }
    : { appId, name: ofMember, channel, fields: { user_id: userId } }
}

const keyOf = ({ appId, channel, userId }: Told): string => JSON.stringify([appId, channel, userId])
