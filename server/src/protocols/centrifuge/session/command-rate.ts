import { RateLimit } from "../../../core/limits.ts"

/** What becomes of a command that comes now. */
export type RateVerdict = "serve" | "refuse" | "close"

/**
 * Commands of one connection: so many a second are served, as many again refused with an error the client
 * understands; who goes on beyond that is cut off.
 */
export class CommandRate {
  readonly #served: RateLimit
  readonly #refused: RateLimit

  constructor(perSecond: number, burst: number, nowMs: number) {
    this.#served = new RateLimit(perSecond, burst, nowMs)
    this.#refused = new RateLimit(perSecond, burst, nowMs)
  }

  next(nowMs: number): RateVerdict {
    if (this.#served.take(nowMs)) return "serve"
    return this.#refused.take(nowMs) ? "refuse" : "close"
  }
}
