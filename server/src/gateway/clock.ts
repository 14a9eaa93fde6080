import type { Clock } from "../core/clock.ts"

/** The real time. Timers never keep the process alive. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  every(intervalMs, run) {
    const timer = setInterval(run, intervalMs)
    timer.unref()
    return () => clearInterval(timer)
  },
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs)
    timer.unref()
    return () => clearTimeout(timer)
  },
}
