/** The bytes are not what they should be. The message says what was expected where; it never quotes the bytes. */
export class UnreadableBytes extends Error {
  override readonly name = "UnreadableBytes"
}

/** What a session of a well-meaning site stays far below. */
export const READ_LIMITS = {
  /** Stored bytes, and also what decompression may make of them. */
  maxBytes: 1024 * 1024,
  /** Nesting, as PHP's own `unserialize_max_depth`. */
  maxDepth: 4_096,
  /** Values of all kinds in one session: an empty array takes six bytes in the store and a hundred times that here. */
  maxValues: 100_000,
} as const

/** Counts what reading costs; one for the whole of a session. */
export class ReadBudget {
  #depth = 0
  #values = 0

  /** @throws UnreadableBytes */
  value(): void {
    if (++this.#values > READ_LIMITS.maxValues)
      throw new UnreadableBytes(`more than ${READ_LIMITS.maxValues} values in one session`)
  }

  /** @throws UnreadableBytes */
  enter(): void {
    if (++this.#depth > READ_LIMITS.maxDepth)
      throw new UnreadableBytes(`nested deeper than ${READ_LIMITS.maxDepth}, where PHP stops too`)
  }

  leave(): void {
    this.#depth--
  }
}
