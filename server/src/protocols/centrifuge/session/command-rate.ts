import { RateLimit } from "../../../core/limits.ts"
import type { CentrifugeConfig } from "../options.ts"

/** What becomes of a command that comes now. */
export type RateVerdict = "serve" | "refuse" | "close"

export type RateConfig = Pick<
  CentrifugeConfig,
  "commandsPerSecond" | "commandBurst" | "subscribesPerSecond" | "subscribeBurst"
>

/**
 * Commands of one connection: so many a second are served, as many again refused with an error the client
 * understands; who goes on beyond that is cut off. Subscribing, which costs more, has a bound of its own.
 */
export class CommandRate {
  readonly #config: RateConfig
  #commands: RateLimit | undefined
  #subscribes: RateLimit | undefined
  /** Most clients are never refused anything: made when the first is. */
  #refusals: RateLimit | undefined

  constructor(config: RateConfig) {
    this.#config = config
  }

  next(nowMs: number, isSubscribe: boolean): RateVerdict {
    const { commandsPerSecond, commandBurst, subscribesPerSecond, subscribeBurst } = this.#config
    if (isSubscribe) {
      if (subscribesPerSecond === 0) return "serve"
      this.#subscribes ??= new RateLimit(subscribesPerSecond, subscribeBurst, nowMs)
      if (this.#subscribes.take(nowMs)) return "serve"
    } else {
      if (commandsPerSecond === 0) return "serve"
      this.#commands ??= new RateLimit(commandsPerSecond, commandBurst, nowMs)
      if (this.#commands.take(nowMs)) return "serve"
    }
    this.#refusals ??= new RateLimit(Math.max(1, commandsPerSecond), Math.max(1, commandBurst), nowMs)
    return this.#refusals.take(nowMs) ? "refuse" : "close"
  }
}
