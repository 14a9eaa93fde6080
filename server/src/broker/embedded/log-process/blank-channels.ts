/** Names and epochs of this many fit about 20 MB of file, 60 with the longest names. */
const MAX_BLANK_CHANNELS = 100_000

/**
 * Channels that nothing was ever published to and that the node does not use, longest untouched first. Whoever may
 * subscribe makes as many of them as he thinks of names, so only so many are kept: forgetting one loses nothing but its
 * epoch, and a position in it is refused from then on, also when the channel is begun anew.
 */
export class BlankChannels {
  readonly #max: number
  readonly #ids = new Set<number>()

  constructor(max = MAX_BLANK_CHANNELS) {
    this.#max = max
  }

  /** One that is known keeps its place. */
  add(id: number): void {
    this.#ids.add(id)
  }

  /** The node uses it, or it is no more. */
  delete(id: number): void {
    this.#ids.delete(id)
  }

  get areTooMany(): boolean {
    return this.#ids.size > this.#max
  }

  /** Those that have to go, at most `limit` of them. */
  excess(limit: number): number[] {
    const excess: number[] = []
    const count = Math.min(limit, this.#ids.size - this.#max)
    for (const id of this.#ids) {
      if (excess.length >= count) break
      excess.push(id)
    }
    return excess
  }
}
