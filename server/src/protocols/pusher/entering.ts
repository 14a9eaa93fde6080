import { getOrAdd } from "../../core/collections.ts"

/** Users on their way into presence channels: they count against the limit before they are in. */
export class Entering {
  readonly #users = new Map<string, string[]>()

  /** @returns call once the user is in, or not let in */
  add(channel: string, userId: string): () => void {
    const users = getOrAdd(this.#users, channel, (): string[] => [])
    users.push(userId)
    return () => {
      users.splice(users.indexOf(userId), 1)
      if (users.length === 0) this.#users.delete(channel)
    }
  }

  /** Users on their way in that `isIn` does not know yet. */
  countOthers(channel: string, isIn: (userId: string) => boolean): number {
    return new Set((this.#users.get(channel) ?? []).filter((userId) => !isIn(userId))).size
  }
}
