import type { Clock } from "../../core/clock.ts"
import { setNewest } from "../../core/collections.ts"
import type { Answer } from "./answers.ts"

type Known = Answer & { readonly kind: "known" }

interface Entry {
  readonly answer: Known
  readonly untilMs: number
}

/** Answers for a while, by cookie hash; when there are too many the oldest goes. */
export class RememberedAnswers {
  readonly #entries = new Map<string, Entry>()
  readonly #maxEntries: number
  readonly #clock: Clock

  constructor(maxEntries: number, clock: Clock) {
    this.#maxEntries = maxEntries
    this.#clock = clock
  }

  get(hash: string): Known | undefined {
    const entry = this.#entries.get(hash)
    if (!entry) return undefined
    if (entry.untilMs > this.#clock.nowMs()) return entry.answer
    this.#entries.delete(hash)
    return undefined
  }

  set(hash: string, answer: Known, forMs: number): void {
    if (forMs <= 0) this.#entries.delete(hash)
    else setNewest(this.#entries, hash, { answer, untilMs: this.#clock.nowMs() + forMs }, this.#maxEntries)
  }

  /** Everything remembered about this person or this session. */
  forget(isAbout: (answer: Known) => boolean): void {
    for (const [hash, { answer }] of this.#entries) if (isAbout(answer)) this.#entries.delete(hash)
  }
}
