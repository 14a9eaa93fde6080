import type { ChannelObserver } from "../../core/channels.ts"
import { publicationTopic } from "../../core/fanout.ts"
import { kindOf } from "./channel-kinds.ts"
import * as frames from "./frames.ts"
import type { PusherParts } from "./options.ts"

/** Up to this many subscribers a change is told within `COUNT_EVERY_MS`, with more at most every `LARGE_EVERY_MS`. */
const LARGE_FROM = 100
const LARGE_EVERY_MS = 5_000
export const COUNT_EVERY_MS = 250

/** Tells the subscribers of a channel how many they are, in apps with `subscription_count`. */
export class Counts implements ChannelObserver {
  readonly #parts: PusherParts
  /** Core channels whose count changed and has not been told. */
  readonly #changed = new Set<string>()
  readonly #toldAtMs = new Map<string, number>()

  constructor(parts: PusherParts) {
    this.#parts = parts
  }

  subscribed(channel: string): void {
    if (this.#wants(channel)) this.#changed.add(channel)
  }

  unsubscribed(channel: string, count: number): void {
    if (count === 0) {
      this.#changed.delete(channel)
      this.#toldAtMs.delete(channel)
    } else if (this.#wants(channel)) this.#changed.add(channel)
  }

  /** Call about every `COUNT_EVERY_MS`. */
  tick(nowMs: number): void {
    for (const channel of this.#changed) {
      const count = this.#parts.channels.hub.channels.get(channel) ?? 0
      const toldAtMs = this.#toldAtMs.get(channel) ?? Number.NEGATIVE_INFINITY
      if (count > LARGE_FROM && nowMs - toldAtMs < LARGE_EVERY_MS) continue
      this.#changed.delete(channel)
      this.#toldAtMs.set(channel, nowMs)
      this.#tell(channel, count)
    }
  }

  #tell(coreChannel: string, count: number): void {
    const { apps, encoders, fanout } = this.#parts
    const owned = apps.ofChannel(coreChannel)
    if (!owned) return
    for (const encoder of [encoders.stock, encoders.recovering])
      fanout.send(encoder, publicationTopic(encoder.name, coreChannel), () =>
        frames.subscriptionCount(owned.channel, count),
      )
  }

  #wants(coreChannel: string): boolean {
    const owned = this.#parts.apps.ofChannel(coreChannel)
    return owned?.app.options.subscriptionCount === true && kindOf(owned.channel).access !== "presence"
  }
}
