import type { Clock } from "../../core/clock.ts"

interface Waiting {
  readonly dueMs: number
  readonly run: () => void
}

/**
 * Lets new connections settle: runs things a fixed time after they were asked for, with one timer for all of them.
 * As the time is the same for all, who came first is due first.
 */
export class Settling {
  readonly #clock: Clock
  readonly #delayMs: number
  readonly #queue: Waiting[] = []

  constructor(clock: Clock, delayMs: number) {
    this.#clock = clock
    this.#delayMs = delayMs
  }

  /** How long a connection opened at `openedAtMs` still has to wait; 0 or less when it has settled. */
  remainingMs(openedAtMs: number): number {
    return this.#leftMs(openedAtMs + this.#delayMs)
  }

  /** @param openedAtMs - of connections asked for in the order of their opening (a little disorder delays a little) */
  whenSettled(openedAtMs: number, run: () => void): void {
    this.#queue.push({ dueMs: openedAtMs + this.#delayMs, run })
    if (this.#queue.length === 1) this.#arm()
  }

  #arm(): void {
    const [first] = this.#queue
    if (first) this.#clock.after(Math.max(1, this.#leftMs(first.dueMs)), () => this.#fire())
  }

  #fire(): void {
    const stillWaiting = this.#queue.findIndex(({ dueMs }) => this.#leftMs(dueMs) > 0)
    const due = this.#queue.splice(0, stillWaiting === -1 ? this.#queue.length : stillWaiting)
    for (const { run } of due) run()
    this.#arm()
  }

  /** Nobody waits longer than the delay. More than that is left only when the machine's clock was put back. */
  #leftMs(dueMs: number): number {
    const leftMs = dueMs - this.#clock.nowMs()
    return leftMs > this.#delayMs ? 0 : leftMs
  }
}
