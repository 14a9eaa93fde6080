import type { Clock } from "../../core/clock.ts"

export interface BreakerOptions {
  /** Failures in a row that open it. */
  readonly failuresToOpen: number
  /** How long nothing is tried then; after that one try decides. */
  readonly openForMs: number
  readonly clock: Clock
  /** Told when it opens and when it closes. */
  readonly onChange: (isOpen: boolean) => void
}

/** Stops asking somebody who keeps failing, so that the others need not wait for him each time. */
export class Breaker {
  readonly #options: BreakerOptions
  #failures = 0
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
    this.#failures = 0
    this.#retryAtMs = undefined
    this.#isTrying = false
    if (wasOpen) this.#options.onChange(false)
  }

  failed(): void {
    const { clock, failuresToOpen, openForMs, onChange } = this.#options
    const wasOpen = this.#retryAtMs !== undefined
    this.#isTrying = false
    this.#failures++
    if (this.#failures < failuresToOpen) return
    this.#retryAtMs = clock.nowMs() + openForMs
    if (!wasOpen) onChange(true)
  }
}
