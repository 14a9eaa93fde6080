import type { Connection, Identity } from "./connection.ts"

/** Connections and subscription counts of this node. No network inside. */
export class Hub {
  readonly #connections = new Map<string, Connection>()
  /** Most users have one connection, and a set of one would cost as much as that connection's session. */
  readonly #byUser = new Map<string, Connection | Set<Connection>>()
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
    const known = this.#byUser.get(userId)
    if (known === undefined) return []
    return known instanceof Set ? [...known] : [known]
  }

  /** How many connections a user has. Asked of every one that comes, and in development one user may have all of them. */
  countOfUser(userId: string): number {
    const known = this.#byUser.get(userId)
    if (known === undefined) return 0
    return known instanceof Set ? known.size : 1
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
    if (userId === "") return
    const known = this.#byUser.get(userId)
    if (known === undefined || known === connection) this.#byUser.set(userId, connection)
    else if (known instanceof Set) known.add(connection)
    else this.#byUser.set(userId, new Set([known, connection]))
  }

  #removeFromUser(connection: Connection): void {
    const { userId } = connection.identity
    const known = this.#byUser.get(userId)
    if (known instanceof Set) known.delete(connection)
    if (known === connection || (known instanceof Set && known.size === 0)) this.#byUser.delete(userId)
  }
}
