/** Lets so many through at a time; the others wait in order, and not too many of them. */
export class Turnstile {
  readonly #maxInside: number
  readonly #maxWaiting: number
  readonly #waiting: (() => void)[] = []
  #inside = 0

  constructor(maxInside: number, maxWaiting: number) {
    this.#maxInside = maxInside
    this.#maxWaiting = maxWaiting
  }

  /** Runs `work` when it is its turn; undefined: too many wait already. */
  pass<T>(work: () => Promise<T>): Promise<T> | undefined {
    if (this.#inside >= this.#maxInside && this.#waiting.length >= this.#maxWaiting) return undefined
    return this.#run(work)
  }

  async #run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#inside < this.#maxInside) this.#inside++
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      return await work()
    } finally {
      // The place goes to the next in line, so nobody who comes now can take it.
      const next = this.#waiting.shift()
      if (next) next()
      else this.#inside--
    }
  }
}
