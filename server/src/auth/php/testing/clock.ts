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
