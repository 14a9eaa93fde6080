import type { Clock } from "../core/clock.ts"
import type { Log } from "./log.ts"

const PROBE_INTERVAL_MS = 1_000
/** A probe that takes longer than this counts as failed, and so does everything until one succeeds again. */
const PROBE_DEADLINE_MS = 5_000

/**
 * Ready means delivering (promise P9): once a second the broker has to take, keep and hand back a probe.
 */
export class Readiness {
  readonly #probe: () => Promise<void>
  readonly #clock: Clock
  readonly #log: Log
  #lastSuccessMs = Number.NEGATIVE_INFINITY
  #isProbing = false
  /** That it begins ready goes without saying: the server then says so itself, once it listens. */
  #wasReady = true
  #why = "not started yet"

  constructor(probe: () => Promise<void>, clock: Clock, log: Log) {
    this.#probe = probe
    this.#clock = clock
    this.#log = log
  }

  /** @returns stops probing */
  async start(): Promise<() => void> {
    await this.#check()
    return this.#clock.every(PROBE_INTERVAL_MS, () => void this.#check())
  }

  /** Undefined: ready. Otherwise why not. */
  get problem(): string | undefined {
    const silentMs = this.#clock.nowMs() - this.#lastSuccessMs
    if (silentMs < PROBE_DEADLINE_MS) return undefined
    if (!Number.isFinite(silentMs)) return this.#why
    return `the broker has not answered for ${Math.round(silentMs / 1_000)} s; the disk hangs or is overloaded`
  }

  async #check(): Promise<void> {
    if (this.#isProbing) return
    this.#isProbing = true
    try {
      await this.#probe()
      this.#lastSuccessMs = this.#clock.nowMs()
      this.#say(true)
    } catch (error) {
      this.#why = error instanceof Error ? error.message : String(error)
      this.#lastSuccessMs = Number.NEGATIVE_INFINITY
      this.#say(false)
    } finally {
      this.#isProbing = false
    }
  }

  #say(isReady: boolean): void {
    if (isReady === this.#wasReady) return
    this.#wasReady = isReady
    if (isReady) this.#log.info({}, "ready again: the broker takes and returns publications")
    else this.#log.error({ why: this.#why }, "not ready: the broker does not take publications")
  }
}
