import type { Clock } from "../../core/clock.ts"

interface Waiter {
  /** Those with a lower number came before it. */
  readonly number: number
  readonly go: () => void
}

/** Something said in the lobby while somebody was on the way. */
interface Kept {
  /** Those with a lower number came before it. */
  readonly number: number
  readonly text: string
}

/** Somebody on the way. */
export interface Arrival {
  /** What was said since this one came, in order. Ask in the very moment from which on it hears by itself. */
  missed(): string[]
  /** Call once, whatever became of it. */
  over(): void
}

/** Texts kept for those on the way, the newest: for each who comes they are sends of their own. */
const MAX_KEPT = 100

/**
 * The connections that are still on their way into the lobby.
 *
 * A script that has seen its `open` event believes that it hears everything from then on, but finding out who it is and
 * letting it in takes a moment. What is said in the lobby therefore waits for those who came before it; for those who
 * take longer than anybody should wait, it is kept.
 */
export class Arrivals {
  readonly #clock: Clock
  readonly #maxWaitMs: number
  /** By number, in order of coming. */
  readonly #onTheWay = new Set<number>()
  /** In order of coming too, so that only the first has to be looked at. */
  readonly #waiting = new Set<Waiter>()
  #kept: Kept[] = []
  #nextNumber = 0

  /** @param maxWaitMs - a slow arrival delays the messages of others no longer than this */
  constructor(clock: Clock, maxWaitMs: number) {
    this.#clock = clock
    this.#maxWaitMs = maxWaitMs
  }

  come(): Arrival {
    const own = this.#nextNumber++
    this.#onTheWay.add(own)
    return {
      missed: () => this.#kept.filter(({ number }) => number > own).map(({ text }) => text),
      over: () => {
        this.#onTheWay.delete(own)
        this.#release()
      },
    }
  }

  /** Something was said in the lobby just now, and heard by those who are in it. */
  said(text: string): void {
    if (this.#onTheWay.size === 0) return
    if (this.#kept.length === MAX_KEPT) this.#kept.shift()
    this.#kept.push({ number: this.#nextNumber, text })
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
    while (this.#kept[0] !== undefined && this.#kept[0].number <= oldest) this.#kept.shift()
    for (const waiter of this.#waiting) {
      if (waiter.number > oldest) return
      waiter.go()
    }
  }
}
