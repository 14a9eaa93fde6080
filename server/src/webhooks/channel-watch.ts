import type { ChannelObserver } from "../core/channels.ts"
import type { PresenceChange } from "../core/presence.ts"
import type { Told, ToldChange, WebhookEvent } from "./event.ts"

/** Goodbyes wait this long: who is back by then never left. */
export const DEBOUNCE_MS = 3_000
/** After a start, clients of the life before have so long to come back before their channels count as vacated. */
export const RETURN_MS = 30_000
/** Call `tick` about this often. */
export const WATCH_EVERY_MS = 250

const LARGE_FROM = 100
const LARGE_EVERY_MS = 5_000
const CACHE_MISS_EVERY_MS = 10_000
const MAX_CACHE_MISSES = 10_000

/** A channel of core as its app knows it. */
export interface WatchedChannel {
  readonly appId: string
  readonly channel: string
  readonly hasMembers: boolean
  readonly tellsCounts: boolean
}

export interface ChannelWatchParts {
  /** Undefined: no app's business. */
  readonly describe: (coreChannel: string) => WatchedChannel | undefined
  readonly add: (event: WebhookEvent, told?: ToldChange) => void
  readonly nowMs: () => number
}

/**
 * Turns who comes and goes into events for back ends: channels occupied and vacated, members added and removed, once
 * per channel and user, with short absences left out. What was told last is kept on disk with the events, so that
 * after a crash the goodbyes that nobody could say are said.
 */
export class ChannelWatch implements ChannelObserver {
  readonly #parts: ChannelWatchParts
  /** What back ends believe, by `keyOf`. */
  readonly #told = new Set<string>()
  /** How many members of it back ends believe in, by `keyOf` of the channel. */
  readonly #membersTold = new Map<string, number>()
  /** Goodbyes not yet said. */
  readonly #leaving = new Map<string, { readonly told: Told; readonly dueMs: number }>()
  /** As `#leaving`, for those of the life before. */
  readonly #returning = new Map<string, { readonly told: Told; readonly dueMs: number }>()
  /** By core channel: count that has not been told. */
  readonly #counts = new Map<string, number>()
  readonly #countedAtMs = new Map<string, number>()
  readonly #cacheMissedAtMs = new Map<string, number>()

  constructor(parts: ChannelWatchParts) {
    this.#parts = parts
  }

  /** What back ends believed when the life before ended. Those who came back since are there already. */
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
    this.#cacheMissedAtMs.delete(key)
    this.#cacheMissedAtMs.set(key, nowMs)
    if (this.#cacheMissedAtMs.size > MAX_CACHE_MISSES) this.#forgetOldestMiss()
    this.#parts.add({ appId, name: "cache_miss", channel })
  }

  tick(): void {
    const nowMs = this.#parts.nowMs()
    const due = [...takeDue(this.#leaving, nowMs), ...takeDue(this.#returning, nowMs)]
    // The last member leaves before the channel is empty.
    due.sort((a, b) => Number(a.userId === undefined) - Number(b.userId === undefined))
    for (const told of due) this.#sayGoodbye(told)
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

  #sayGoodbye(told: Told): void {
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

  #forgetOldestMiss(): void {
    for (const key of this.#cacheMissedAtMs.keys()) {
      this.#cacheMissedAtMs.delete(key)
      return
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
