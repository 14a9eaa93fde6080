import type { SkeinError } from "../../core/errors.ts"
import { toSkeinError } from "../../core/errors.ts"
import { ensureRate, RateLimit } from "../../core/limits.ts"
import type { PlainConfig } from "./options.ts"

/** A client refused this often in a row is closed: it will not slow down by itself. */
const MAX_REFUSALS_IN_A_ROW = 100

/** The rates of one connection. */
export class FloodGuard {
  readonly #config: PlainConfig
  #frames: RateLimit | undefined
  #subscribes: RateLimit | undefined
  #refusalsInARow = 0

  constructor(config: PlainConfig) {
    this.#config = config
  }

  /** Undefined: the frame may pass. "close": the client has been refused too often. */
  refuses(nowMs: number): SkeinError | "close" | undefined {
    const { messagesPerSecond, messageBurst } = this.#config
    this.#frames ??= new RateLimit(messagesPerSecond, messageBurst, nowMs)
    try {
      ensureRate(this.#frames, nowMs, "messages", "limits.messages_per_second")
      this.#refusalsInARow = 0
      return undefined
    } catch (error) {
      this.#refusalsInARow++
      return this.#refusalsInARow >= MAX_REFUSALS_IN_A_ROW ? "close" : toSkeinError(error)
    }
  }

  /** @throws SkeinError `too_many_requests` */
  ensureMaySubscribe(nowMs: number): void {
    const { subscribesPerSecond, subscribeBurst } = this.#config
    this.#subscribes ??= new RateLimit(subscribesPerSecond, subscribeBurst, nowMs)
    ensureRate(this.#subscribes, nowMs, "subscribe, history and join_room commands", "limits.subscribes_per_second")
  }

  /** True when a new guard would decide the same, so that this one need not be kept. */
  isAtRest(nowMs: number): boolean {
    const isFull = (limit: RateLimit | undefined) => limit === undefined || limit.isFull(nowMs)
    return this.#refusalsInARow === 0 && isFull(this.#frames) && isFull(this.#subscribes)
  }
}
