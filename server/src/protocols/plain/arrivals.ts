import type { Clock } from "../../core/clock.ts"

interface Waiter {
  /** Those with a lower number came before it. */
  readonly number: number
  readonly go: () => void
}

/**
 * Who is on the way into the lobby.
 *
 * A script that has seen its `open` event believes that it hears everything from then on, but finding out who it is and
 * letting it in takes a moment. What is said in the lobby therefore waits for those who came before it.
 */
export class Arrivals {
  readonly #clock: Clock
  readonly #maxWaitMs: number
  /** By number, in order of coming. */
  readonly #onTheWay = new Set<number>()
  /** In order of coming too, so that only the first has to be looked at. */
  readonly #waiting = new Set<Waiter>()
  #nextNumber = 0

  /** @param maxWaitMs - nobody's slow arrival delays the others for longer */
  constructor(clock: Clock, maxWaitMs: number) {
    this.#clock = clock
    this.#maxWaitMs = maxWaitMs
  }

  /** @param arrival - MUST NOT reject */
  add(arrival: Promise<void>): void {
    const number = this.#nextNumber++
    this.#onTheWay.add(number)
    void arrival.then(() => {
      this.#onTheWay.delete(number)
      this.#release()
    })
  }

  /** Resolves when all who are on the way now have arrived. Undefined: nobody is. */
  settled(): Promise<void> | undefined {
    if (this.#onTheWay.size === 0) return undefined
    return new Promise((resolve) => {
      const waiter = {
        number: this.#nextNumber,
        go: () => {
          this.#waiting.delete(waiter)
          giveUp()
          resolve()
        },
      }
      const giveUp = this.#clock.after(this.#maxWaitMs, waiter.go)
      this.#waiting.add(waiter)
    })
  }

  #release(): void {
    const [oldest = Number.POSITIVE_INFINITY] = this.#onTheWay
    for (const waiter of this.#waiting) {
      if (waiter.number > oldest) return
      waiter.go()
    }
  }
}
