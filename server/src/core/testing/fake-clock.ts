import type { Clock } from "../clock.ts"

interface Timer {
  dueMs: number
  readonly intervalMs: number | undefined
  readonly run: () => void
}

/** Time that moves only when told to. */
export class FakeClock implements Clock {
  #nowMs: number
  readonly #timers = new Set<Timer>()

  constructor(startMs = 0) {
    this.#nowMs = startMs
  }

  nowMs(): number {
    return this.#nowMs
  }

  every(intervalMs: number, run: () => void): () => void {
    return this.#add({ dueMs: this.#nowMs + intervalMs, intervalMs, run })
  }

  after(delayMs: number, run: () => void): () => void {
    return this.#add({ dueMs: this.#nowMs + delayMs, intervalMs: undefined, run })
  }

  /** Moves time on; each timer that has come due runs once, however often it would have. */
  advance(ms: number): void {
    this.#nowMs += ms
    for (const timer of [...this.#timers]) {
      if (timer.dueMs > this.#nowMs || !this.#timers.has(timer)) continue
      if (timer.intervalMs === undefined) this.#timers.delete(timer)
      else timer.dueMs = this.#nowMs + timer.intervalMs
      timer.run()
    }
  }

  /** The machine's clock is put right, forwards or back: timers go on as if nothing had happened. */
  correct(ms: number): void {
    this.#nowMs += ms
    for (const timer of this.#timers) timer.dueMs += ms
  }

  #add(timer: Timer): () => void {
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }
}
