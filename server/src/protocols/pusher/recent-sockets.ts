const MAX_ADDRESSES = 10_000
const PER_ADDRESS = 4

/**
 * The socket ids an address had lately: so that a signature made for the one before a reconnect, the most frequent
 * wrong one, is told from a wrong secret.
 */
export class RecentSockets {
  readonly #byAddress = new Map<string, string[]>()

  closed(address: string, socketId: string): void {
    const ids = this.#byAddress.get(address) ?? []
    this.#byAddress.delete(address)
    this.#byAddress.set(address, [...ids, socketId].slice(-PER_ADDRESS))
    if (this.#byAddress.size <= MAX_ADDRESSES) return
    for (const oldest of this.#byAddress.keys()) {
      this.#byAddress.delete(oldest)
      return
    }
  }

  of(address: string): readonly string[] {
    return this.#byAddress.get(address) ?? []
  }
}
