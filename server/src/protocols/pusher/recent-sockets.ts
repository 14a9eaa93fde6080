import { setNewest } from "../../core/collections.ts"

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
    setNewest(this.#byAddress, address, [...ids, socketId].slice(-PER_ADDRESS), MAX_ADDRESSES)
  }

  of(address: string): readonly string[] {
    return this.#byAddress.get(address) ?? []
  }
}
