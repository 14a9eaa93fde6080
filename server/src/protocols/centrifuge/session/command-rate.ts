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

  /**
   * Takes for an answer that costs as much as so many commands more; at most half of the burst, so that it can be had
   * at all. False: not now.
   */
  affords(nowMs: number, commands: number): boolean {
    const { commandsPerSecond, commandBurst } = this.#config
    if (commandsPerSecond === 0) return true
    this.#commands ??= new RateLimit(commandsPerSecond, commandBurst, nowMs)
    return this.#commands.take(nowMs, Math.min(commands, commandBurst / 2))
  }
}
