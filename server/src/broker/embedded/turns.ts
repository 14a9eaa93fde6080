import type { Clock } from "../../core/clock.ts"
import { SkeinError } from "../../core/errors.ts"

/**
 * Lets so many work at a time; the others wait in order. Who has waited too long is refused when it is his turn, so
 * that a queue of people who are long gone costs nothing.
 */
export class Turns {
  readonly #clock: Clock
  readonly #maxWorking: number
  readonly #maxWaitMs: number
  readonly #waiting: (() => void)[] = []
  #working = 0

  constructor(clock: Clock, maxWorking: number, maxWaitMs: number) {
    this.#clock = clock
    this.#maxWorking = maxWorking
    this.#maxWaitMs = maxWaitMs
  }

  /** @throws SkeinError `storage_unavailable` when its turn comes too late; what `work` throws */
  async take<T>(work: () => Promise<T>): Promise<T> {
    const untilMs = this.#clock.nowMs() + this.#maxWaitMs
    if (this.#working < this.#maxWorking) this.#working++
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      if (this.#clock.nowMs() > untilMs)
        throw new SkeinError(
          "storage_unavailable",
          `${this.#maxWaitMs} ms were not enough for all who read history from disk`,
          { retryAfterMs: 1_000 },
        )
      return await work()
    } finally {
      // The place goes to the next in line, so that nobody who comes now can take it.
      const next = this.#waiting.shift()
      if (next) next()
      else this.#working--
    }
  }
}
