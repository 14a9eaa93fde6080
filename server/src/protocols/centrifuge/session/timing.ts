import { CLOSE, type CloseReason } from "../../../core/close-codes.ts"
import type { CentrifugeConfig } from "../options.ts"

const NEVER = Number.POSITIVE_INFINITY

/** What is to be done now. */
export type Due =
  | { readonly kind: "nothing" }
  | { readonly kind: "ping" }
  | { readonly kind: "close"; readonly close: CloseReason }

const NOTHING: Due = { kind: "nothing" }
const PING: Due = { kind: "ping" }
const close = (reason: CloseReason): Due => ({ kind: "close", close: reason })

/** When one connection is pinged, and when it counts as dead. No timers: the session asks once a second. */
export class Timing {
  readonly #config: CentrifugeConfig
  readonly #connectByMs: number
  /** Infinity until connected. */
  #pingAtMs = NEVER
  #pongByMs = NEVER
  readonly #expectsPongs: boolean

  constructor(config: CentrifugeConfig, nowMs: number, expectsPongs: boolean) {
    this.#config = config
    this.#expectsPongs = expectsPongs
    this.#connectByMs = nowMs + config.connectTimeoutMs
  }

  /** Pings begin at a random point between half and the full interval, so that connections of one moment spread. */
  connected(nowMs: number, random: number): void {
    this.#pingAtMs = nowMs + this.#config.pingIntervalMs * (0.5 + random / 2)
  }

  get isConnected(): boolean {
    return this.#pingAtMs !== NEVER
  }

  /** False: no ping is open. */
  pong(): boolean {
    if (this.#pongByMs === NEVER) return false
    this.#pongByMs = NEVER
    return true
  }

  check(nowMs: number): Due {
    if (!this.isConnected) return nowMs >= this.#connectByMs ? close(CLOSE.stale) : NOTHING
    if (nowMs >= this.#pongByMs) return close(CLOSE.noPong)
    if (nowMs < this.#pingAtMs) return NOTHING
    this.#pingAtMs = nowMs + this.#config.pingIntervalMs
    if (this.#expectsPongs && this.#pongByMs === NEVER) this.#pongByMs = nowMs + this.#config.pongTimeoutMs
    return PING
  }
}
