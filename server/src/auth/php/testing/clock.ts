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

  nowMs(): number {
    return this.#nowMs
  }

  advance(ms: number): void {
    this.#nowMs += ms
  }

  every(): () => void {
    return () => undefined
  }

  after(_delayMs: number, run: () => void): () => void {
    queueMicrotask(run)
    return () => undefined
  }
}
