import type { Clock } from "../../../core/clock.ts"

/** Stands at one time; what is to come after a while comes at once. */
export function stoppedClock(nowMs: number): Clock {
  return {
    nowMs: () => nowMs,
    every: () => () => undefined,
    after(_delayMs, run) {
      queueMicrotask(run)
      return () => undefined
    },
  }
}

/** Moved by hand. */
export class HandClock implements Clock {
  #nowMs = 1_800_000_000_000
  #timers: { readonly atMs: number; readonly run: () => void }[] = []

  nowMs(): number {
    return this.#nowMs
  }

  advance(ms: number): void {
    this.#nowMs += ms
    const due = this.#timers.filter(({ atMs }) => atMs <= this.#nowMs)
    this.#timers = this.#timers.filter((timer) => !due.includes(timer))
    for (const { run } of due) run()
  }

  every(): () => void {
    throw new Error("nothing repeats under this clock: turns are taken by hand")
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, run }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }
}
