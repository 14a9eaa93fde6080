import type { Clock } from "../../src/core/clock.ts"

/** A clock that stands still. */
export function stoppedClock(nowMs: number): Clock {
  return { nowMs: () => nowMs, every: () => () => undefined, after: () => () => undefined }
}

export const NOW_MS = Date.UTC(2026, 10, 20)
export const NOW_S = NOW_MS / 1000
