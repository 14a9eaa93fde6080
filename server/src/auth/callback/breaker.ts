import type { Clock } from "../../core/clock.ts"

/** When the breaker opens, and for how long. */
export interface BreakerOptions {
  /** Of so many different askers in a row, failures open it. */
  readonly failuresToOpen: number
  /** How long nothing is tried then; after that one try decides. */
  readonly openForMs: number
  readonly clock: Clock
  /** Told when it opens and when it closes. */
  readonly onChange: (isOpen: boolean) => void
}

/**
 * Stops asking a site that keeps failing, so that connections need not wait for its time-out each time.
 *
 * What fails for one asker only, however often, says nothing about the others.
 */
export class Breaker {
  readonly #options: BreakerOptions
  /** Who asked in vain since it last went well; never more than open it. */
  readonly #inVain = new Set<string>()
  #retryAtMs: number | undefined
  #isTrying = false

  constructor(options: BreakerOptions) {
    this.#options = options
  }

  /** Until when nothing may be tried, Unix milliseconds; undefined: try now, and say how it went. */
  closedUntilMs(): number | undefined {
    if (this.#retryAtMs === undefined) return undefined
    const nowMs = this.#options.clock.nowMs()
    if (nowMs < this.#retryAtMs) return this.#retryAtMs
    if (this.#isTrying) return nowMs + this.#options.openForMs
    this.#isTrying = true
    return undefined
  }

  succeeded(): void {
    const wasOpen = this.#retryAtMs !== undefined
    this.#inVain.clear()
    this.#retryAtMs = undefined
    this.#isTrying = false
    if (wasOpen) this.#options.onChange(false)
  }

  /** @param asker - whose question it was */
  failed(asker: string): void {
    const { clock, failuresToOpen, openForMs, onChange } = this.#options
    const wasOpen = this.#retryAtMs !== undefined
    this.#isTrying = false
    if (this.#inVain.size < failuresToOpen) this.#inVain.add(asker)
    if (this.#inVain.size < failuresToOpen) return
    this.#retryAtMs = clock.nowMs() + openForMs
    if (!wasOpen) onChange(true)
  }
}
