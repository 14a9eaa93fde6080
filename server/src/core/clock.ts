/** Time as an argument: pure code asks this, tests move it by hand. */
export interface Clock {
  /** Unix milliseconds. */
  nowMs(): number
  /** Calls back every `intervalMs` until the returned function is called. Never keeps the process alive by itself. */
  every(intervalMs: number, run: () => void): () => void
  /** Calls back once after `delayMs` unless the returned function is called first. */
  after(delayMs: number, run: () => void): () => void
}

/** The real time, for whoever composes. Its timers never keep the process alive. */
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
