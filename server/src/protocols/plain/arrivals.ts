import type { Clock } from "../../core/clock.ts"

/**
 * Who is on the way into the lobby.
 *
 * A script that has seen its `open` event believes that it hears everything from then on, but finding out who it is and
 * letting it in takes a moment. What is said in the lobby therefore waits for those who came before it.
 */
export class Arrivals {
  readonly #clock: Clock
  readonly #maxWaitMs: number
  readonly #onTheWay = new Set<Promise<void>>()

  /** @param maxWaitMs - nobody's slow arrival delays the others for longer */
  constructor(clock: Clock, maxWaitMs: number) {
    this.#clock = clock
    this.#maxWaitMs = maxWaitMs
  }

  /** @param arrival - MUST NOT reject */
  add(arrival: Promise<void>): void {
    this.#onTheWay.add(arrival)
    void arrival.then(() => this.#onTheWay.delete(arrival))
  }

  /** Resolves when all who are on the way now have arrived. Undefined: nobody is. */
  settled(): Promise<unknown> | undefined {
    if (this.#onTheWay.size === 0) return undefined
    return new Promise<void>((resolve) => {
      const giveUp = this.#clock.after(this.#maxWaitMs, resolve)
      void Promise.all(this.#onTheWay).then(() => {
        giveUp()
        resolve()
      })
    })
  }
}
