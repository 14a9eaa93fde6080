import { getOrAdd } from "./collections.ts"
import type { ClientInfo } from "./publication.ts"

/** What changed in a channel, to be told to those who asked. */
export type PresenceChange = { readonly kind: "join" | "leave"; readonly channel: string; readonly info: ClientInfo }

interface Entry {
  readonly info: ClientInfo
  /** Set while the connection is gone and may still come back as the same user (Unix ms). */
  leavesAtMs: number | undefined
}

/**
 * Who is in which channel on this node, as plain state: no timers, no sockets; every method returns what changed.
 *
 * A dropped connection stays present for `graceMs`, so that a page change does not blink (promise P7): when the same
 * user is back in the channel before that, its old entry leaves quietly after the new one has joined.
 * Leaving on purpose (unsubscribe, clean disconnect) takes effect at once.
 */
export class Presence {
  readonly #channels = new Map<string, Map<string, Entry>>()
  /** Clients in grace, in order of leaving: only these are looked at by `expire`. */
  readonly #leaving = new Map<string, { channel: string; client: string; atMs: number }>()
  readonly #graceMs: number

  constructor(graceMs: number) {
    this.#graceMs = graceMs
  }

  join(channel: string, info: ClientInfo): PresenceChange[] {
    const members = getOrAdd(this.#channels, channel, () => new Map<string, Entry>())
    members.set(info.client, { info, leavesAtMs: undefined })
    return [{ kind: "join", channel, info }]
  }

  /** The client left on purpose. */
  leave(channel: string, client: string): PresenceChange[] {
    const members = this.#channels.get(channel)
    const entry = members?.get(client)
    if (!members || !entry) return []
    members.delete(client)
    if (members.size === 0) this.#channels.delete(channel)
    this.#leaving.delete(key(channel, client))
    return [{ kind: "leave", channel, info: entry.info }]
  }

  /** The client's connection dropped: it leaves when its grace is over. */
  drop(channel: string, client: string, nowMs: number): void {
    const entry = this.#channels.get(channel)?.get(client)
    if (!entry) return
    entry.leavesAtMs = nowMs + this.#graceMs
    this.#leaving.set(key(channel, client), { channel, client, atMs: entry.leavesAtMs })
  }

  /** Ends the graces that are over. Call about once a second. */
  expire(nowMs: number): PresenceChange[] {
    const changes: PresenceChange[] = []
    for (const { channel, client, atMs } of this.#leaving.values()) {
      if (atMs > nowMs) break
      changes.push(...this.leave(channel, client))
    }
    return changes
  }

  /** By client id. */
  members(channel: string): Map<string, ClientInfo> {
    const members = this.#channels.get(channel)
    return new Map(members ? [...members].map(([client, entry]) => [client, entry.info]) : [])
  }

  stats(channel: string): { clients: number; users: number } {
    const members = this.#channels.get(channel)
    if (!members) return { clients: 0, users: 0 }
    const users = new Set<string>()
    for (const entry of members.values()) users.add(entry.info.user)
    return { clients: members.size, users: users.size }
  }

  /** Whether any client of the user is in the channel (grace included). */
  isPresent(channel: string, user: string): boolean {
    for (const entry of this.#channels.get(channel)?.values() ?? []) if (entry.info.user === user) return true
    return false
  }
}

const key = (channel: string, client: string): string => `${client} ${channel}`
