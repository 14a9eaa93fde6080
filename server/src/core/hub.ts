import type { Connection } from "./connection.ts"

/** Connections and subscription counts of this node. No network inside. */
export class Hub {
  readonly #connections = new Map<string, Connection>()
  readonly #byUser = new Map<string, Set<Connection>>()
  readonly #subscribers = new Map<string, number>()

  add(connection: Connection): void {
    this.#connections.set(connection.id, connection)
    const { userId } = connection.identity
    if (userId === "") return
    const connections = this.#byUser.get(userId)
    if (connections) connections.add(connection)
    else this.#byUser.set(userId, new Set([connection]))
  }

  /** False when it was not (or no longer) here. */
  remove(connection: Connection): boolean {
    if (!this.#connections.delete(connection.id)) return false
    const { userId } = connection.identity
    const connections = this.#byUser.get(userId)
    connections?.delete(connection)
    if (connections?.size === 0) this.#byUser.delete(userId)
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

  subscribed(channel: string): void {
    this.#subscribers.set(channel, (this.#subscribers.get(channel) ?? 0) + 1)
  }

  unsubscribed(channel: string): void {
    const count = (this.#subscribers.get(channel) ?? 0) - 1
    if (count > 0) this.#subscribers.set(channel, count)
    else this.#subscribers.delete(channel)
  }

  /** Channels somebody is subscribed to, with how many connections are. */
  get channels(): ReadonlyMap<string, number> {
    return this.#subscribers
  }
}
