import type { Clock } from "../core/clock.ts"
import { setNewest } from "../core/collections.ts"
import { CHAT_LIMITS } from "./contract.ts"

/** Notices remembered; who is forgotten may at worst notify once more. */
const MAX_REMEMBERED = 20_000
/** Timers of clients fire a little early now and then. */
const TOLERANCE_MS = 250

/** Lets through at most one typing notice per person, conversation and interval, and one end to each. Keeps nothing. */
export class TypingNotices {
  readonly #clock: Clock
  /** When the last notice went out, by person and conversation. */
  readonly #sentAtMs = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether this one should be told to the others. */
  passes(userId: string, conversationId: string, active: boolean): boolean {
    const key = `${conversationId} ${userId}`
    const nowMs = this.#clock.nowMs()
    const sentAtMs = this.#sentAtMs.get(key)
    const shown = sentAtMs !== undefined && nowMs - sentAtMs < CHAT_LIMITS.typingLifeMs
    if (!active) {
      this.#sentAtMs.delete(key)
      return shown
    }
    if (sentAtMs !== undefined && nowMs - sentAtMs < CHAT_LIMITS.typingIntervalMs - TOLERANCE_MS) return false
    setNewest(this.#sentAtMs, key, nowMs, MAX_REMEMBERED)
    return true
  }
}
