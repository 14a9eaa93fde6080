import type { Payload, Publication } from "../../core/publication.ts"

/** What a publication costs in memory besides its payload, roughly: object, array slot, string header. */
const PUBLICATION_OVERHEAD_BYTES = 160

export type Kept = Publication & { readonly offset: number }

export function publicationBytes(data: Payload, tags?: object): number {
  return data.length + PUBLICATION_OVERHEAD_BYTES + (tags === undefined ? 0 : 64)
}

/**
 * The newest publications of one channel, without a gap: offsets `first` to `top`.
 *
 * Bounded by count and bytes; what falls out at the old end is simply no longer here.
 */
export class Ring {
  readonly #maxCount: number
  readonly #maxBytes: number
  /** Slots before `#head` are spent. Spent slots are cut off when they are half of the array. */
  #slots: (Kept | undefined)[] = []
  #head = 0
  #top: number
  #bytes = 0

  /** @param top newest offset of the channel; the first publication appended must be the one after it */
  constructor(maxCount: number, maxBytes: number, top: number) {
    this.#maxCount = maxCount
    this.#maxBytes = maxBytes
    this.#top = top
  }

  /** Oldest offset here; `top + 1` when empty. */
  get first(): number {
    return this.#top - this.count + 1
  }

  get top(): number {
    return this.#top
  }

  get count(): number {
    return this.#slots.length - this.#head
  }

  get bytes(): number {
    return this.#bytes
  }

  /** @throws Error when the offset is not the next one: the log and this memory have parted */
  append(publication: Kept): void {
    if (publication.offset !== this.#top + 1) {
      throw new Error(`expected offset ${this.#top + 1} next in the ring, got ${publication.offset}`)
    }
    this.#top = publication.offset
    this.#slots.push(publication)
    this.#bytes += publicationBytes(publication.data, publication.tags)
    while (this.count > this.#maxCount || (this.#bytes > this.#maxBytes && this.count > 0)) this.#dropOldest()
  }

  /** Forgets everything up to and including this offset. */
  dropThrough(offset: number): void {
    while (this.count > 0 && this.first <= offset) this.#dropOldest()
  }

  dropOlderThan(timeMs: number): void {
    for (;;) {
      const oldest = this.#slots[this.#head]
      if (oldest === undefined || oldest.timeMs >= timeMs) return
      this.#dropOldest()
    }
  }

  clear(): void {
    this.#slots = []
    this.#head = 0
    this.#bytes = 0
  }

  /** Publications from `from` to `to`, both inclusive, as far as they are here. In order of offset. */
  slice(from: number, to: number): Kept[] {
    const start = this.#head + Math.max(from, this.first) - this.first
    const end = this.#head + Math.min(to, this.#top) - this.first + 1
    return end > start ? (this.#slots.slice(start, end) as Kept[]) : []
  }

  #dropOldest(): void {
    const oldest = this.#slots[this.#head]
    if (oldest === undefined) return
    this.#bytes -= publicationBytes(oldest.data, oldest.tags)
    this.#slots[this.#head] = undefined
    this.#head++
    if (this.#head > 32 && this.#head * 2 > this.#slots.length) {
      this.#slots = this.#slots.slice(this.#head)
      this.#head = 0
    }
  }
}
