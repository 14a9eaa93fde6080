import { RateLimit } from "../../../core/limits.ts"
import type { Command } from "../codec/messages.ts"
import type { CentrifugeConfig } from "../options.ts"

/** What becomes of a command that comes now. */
export type RateVerdict = "serve" | "refuse" | "close"

/** The part of the configuration that rates need. */
export type RateConfig = Pick<
  CentrifugeConfig,
  "commandsPerSecond" | "commandBurst" | "subscribesPerSecond" | "subscribeBurst"
>

/**
 * The rate of one connection's commands: up to it they are served, up to twice as many are refused with an error the
 * client understands, beyond that the connection is closed. Subscribing, which costs more, has a rate of its own.
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

  /** Takes one command of this kind from the rate. */
  next(nowMs: number, kind: Command["kind"]): RateVerdict {
    const { commandsPerSecond, commandBurst, subscribesPerSecond, subscribeBurst } = this.#config
    if (kind === "subscribe") {
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
   * Takes from the rate for an answer that costs as much as this many further commands; at most half of the burst, so
   * that even the dearest answer can be had. False: nothing was taken, the rate does not allow it now.
   */
  affords(nowMs: number, commands: number): boolean {
    const { commandsPerSecond, commandBurst } = this.#config
    if (commandsPerSecond === 0) return true
    this.#commands ??= new RateLimit(commandsPerSecond, commandBurst, nowMs)
    return this.#commands.take(nowMs, Math.min(commands, commandBurst / 2))
  }
}
