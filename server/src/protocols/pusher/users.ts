import { getOrAdd } from "../../core/collections.ts"
import type { App } from "./apps.ts"
import type { WatchlistEvent } from "./frames.ts"

/** A connection that has signed in. */
export interface SignedIn {
  readonly app: App
  /** Users of the same app it wants to see come and go. */
  readonly watchlist: readonly string[]
  told(events: readonly WatchlistEvent[]): void
  terminate(): void
}

/** Who is signed in, and who watches whom. A user is online while one connection at least is signed in. */
export class Users {
  readonly #byUser = new Map<string, Set<SignedIn>>()
  readonly #watchers = new Map<string, Set<SignedIn>>()

  signIn(userId: string, connection: SignedIn): void {
    const key = keyOf(connection.app, userId)
    const connections = getOrAdd(this.#byUser, key, () => new Set<SignedIn>())
    connections.add(connection)
    for (const watched of connection.watchlist)
      getOrAdd(this.#watchers, keyOf(connection.app, watched), () => new Set<SignedIn>()).add(connection)
    this.#tellState(connection)
    if (connections.size === 1) this.#tellWatchers(key, userId, "online")
  }

  signOut(userId: string, connection: SignedIn): void {
    const key = keyOf(connection.app, userId)
    const connections = this.#byUser.get(key)
    if (!connections?.delete(connection)) return
    for (const watched of connection.watchlist) removeFrom(this.#watchers, keyOf(connection.app, watched), connection)
    if (connections.size > 0) return
    this.#byUser.delete(key)
    this.#tellWatchers(key, userId, "offline")
  }

  /** @returns how many connections were ended */
  terminate(app: App, userId: string): number {
    const connections = [...(this.#byUser.get(keyOf(app, userId)) ?? [])]
    for (const connection of connections) connection.terminate()
    return connections.length
  }

  #tellState(connection: SignedIn): void {
    const isOnline = (userId: string) => this.#byUser.has(keyOf(connection.app, userId))
    const online = connection.watchlist.filter(isOnline)
    const offline = connection.watchlist.filter((userId) => !isOnline(userId))
    const events: WatchlistEvent[] = []
    if (online.length > 0) events.push({ name: "online", user_ids: online })
    if (offline.length > 0) events.push({ name: "offline", user_ids: offline })
    if (events.length > 0) connection.told(events)
  }

  #tellWatchers(key: string, userId: string, name: WatchlistEvent["name"]): void {
    for (const watcher of this.#watchers.get(key) ?? []) watcher.told([{ name, user_ids: [userId] }])
  }
}

/** Ids of apps have no slash. */
const keyOf = (app: App, userId: string): string => `${app.id}/${userId}`

function removeFrom<T>(map: Map<string, Set<T>>, key: string, value: T): void {
  const values = map.get(key)
  values?.delete(value)
  if (values?.size === 0) map.delete(key)
}
