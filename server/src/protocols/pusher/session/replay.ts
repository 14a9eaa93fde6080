import type { Fanout } from "../../../core/fanout.ts"
import { publicationTopic } from "../../../core/fanout.ts"
import type { Position } from "../../../core/publication.ts"
import { STOCK_FORMAT } from "../encoders.ts"
import type { LeftChannel } from "../pages.ts"

/** How often a stock client that was sent something is asked to confirm it. */
const CONFIRM_EVERY_MS = 2_000
/** An answer that takes longer will not come: what is published from then on is surely not sent into the void. */
const CONFIRM_WITHIN_MS = 10_000

interface Watched {
  readonly epoch: string
  confirmed: number
  /** What the ping that is under way will confirm. */
  asked: number
}

/**
 * What a stock client has certainly received, channel by channel.
 *
 * Stock clients name no positions, but they answer `pusher:ping`, and answers come in order: whoever answers has
 * everything that was sent before. See docs/decisions/0010-pusher-recovery.md.
 */
export class Confirmations {
  readonly #channels = new Map<string, Watched>()
  /** By core channel: the last offset that can have been sent. */
  readonly #lastOffsets: ReadonlyMap<string, number>
  readonly #fanout: Fanout
  #isAsking = false
  #askedAtMs = Number.NEGATIVE_INFINITY

  constructor(lastOffsets: ReadonlyMap<string, number>, fanout: Fanout) {
    this.#lastOffsets = lastOffsets
    this.#fanout = fanout
  }

  joined(coreChannel: string, { epoch, offset }: Position): void {
    this.#channels.set(coreChannel, { epoch, confirmed: offset, asked: offset })
  }

  left(coreChannel: string): void {
    this.#channels.delete(coreChannel)
  }

  /** True: send a ping now; everything sent so far goes out before it. */
  ask(nowMs: number): boolean {
    if (this.#isAsking || nowMs - this.#askedAtMs < CONFIRM_EVERY_MS || !this.#isAnythingUnconfirmed()) return false
    for (const [channel, watched] of this.#channels) {
      this.#fanout.flush(publicationTopic(STOCK_FORMAT, channel))
      watched.asked = this.#sent(channel, watched)
    }
    this.#isAsking = true
    this.#askedAtMs = nowMs
    return true
  }

  isOverdue(nowMs: number): boolean {
    return this.#isAsking && nowMs - this.#askedAtMs >= CONFIRM_WITHIN_MS
  }

  answered(): void {
    this.#isAsking = false
    for (const watched of this.#channels.values()) watched.confirmed = Math.max(watched.confirmed, watched.asked)
  }

  /** Where the client stands now that its connection dropped; worth something until `untilMs`. */
  atDrop(untilMs: number): Map<string, LeftChannel> {
    return new Map(
      [...this.#channels].map(([channel, watched]) => [
        channel,
        { epoch: watched.epoch, confirmed: watched.confirmed, sent: this.#sent(channel, watched), untilMs },
      ]),
    )
  }

  #isAnythingUnconfirmed(): boolean {
    for (const [channel, watched] of this.#channels) if (this.#sent(channel, watched) > watched.confirmed) return true
    return false
  }

  #sent(channel: string, { confirmed }: Watched): number {
    return Math.max(confirmed, this.#lastOffsets.get(channel) ?? 0)
  }
}
