import { getOrAdd } from "./collections.ts"
import type { Connection, Identity } from "./connection.ts"

/** Connections and subscription counts of this node. No network inside. */
export class Hub {
  readonly #connections = new Map<string, Connection>()
  readonly #byUser = new Map<string, Set<Connection>>()
  readonly #subscribers = new Map<string, number>()

  add(connection: Connection): void {
    this.#connections.set(connection.id, connection)
    this.#addToUser(connection)
  }

  /** The connection turns out to be somebody (else). */
  identify(connection: Connection, identity: Identity): void {
    const isHere = this.has(connection)
    if (isHere) this.#removeFromUser(connection)
    connection.identity = identity
    if (isHere) this.#addToUser(connection)
  }

  /** False when it was not (or no longer) here. */
  remove(connection: Connection): boolean {
    if (!this.#connections.delete(connection.id)) return false
    this.#removeFromUser(connection)
    return true
  }

  has(connection: Connection): boolean {
    return this.#connections.get(connection.id) === connection
  }

  get(id: string): Connection | undefined {
    return this.#connections.get(id)
  }

  ofUser(userId: string): readonly Connection[] {
    return [...(this.#byUser.get(userId) ?? [])]
  }

  all(): IterableIterator<Connection> {
    return this.#connections.values()
  }

  get connectionCount(): number {
    return this.#connections.size
  }

  get userCount(): number {
    return this.#byUser.size
  }

  /** @returns how many connections hold the channel now */
  subscribed(channel: string): number {
    const count = (this.#subscribers.get(channel) ?? 0) + 1
    this.#subscribers.set(channel, count)
    return count
  }

  /** @returns how many connections still hold the channel */
  unsubscribed(channel: string): number {
    const count = (this.#subscribers.get(channel) ?? 0) - 1
    if (count > 0) this.#subscribers.set(channel, count)
    else this.#subscribers.delete(channel)
    return Math.max(0, count)
  }

  /** Channels somebody is subscribed to, with how many connections are. */
  get channels(): ReadonlyMap<string, number> {
    return this.#subscribers
  }

  #addToUser(connection: Connection): void {
    const { userId } = connection.identity
    if (userId !== "") getOrAdd(this.#byUser, userId, () => new Set<Connection>()).add(connection)
  }

  #removeFromUser(connection: Connection): void {
    const { userId } = connection.identity
    const connections = this.#byUser.get(userId)
    connections?.delete(connection)
    if (connections?.size === 0) this.#byUser.delete(userId)
  }
}
