import { getOrAdd } from "./collections.ts"
import type { ClientInfo } from "./publication.ts"

/** What changed in a channel, to be told to those who asked. */
export type PresenceChange = { readonly kind: "join" | "leave"; readonly channel: string; readonly info: ClientInfo }

interface Entry {
  readonly info: ClientInfo
  /** The node its connection is on; undefined: this one. */
  readonly node: string | undefined
}

/**
 * Who is in which channel, as plain state: no timers, no sockets; every method returns what changed.
 *
 * Members of other nodes live on those nodes' leases: a node that stops renewing is dead, and its members leave.
 *
 * A dropped connection stays present for `graceMs`, so that a page change does not blink (promise P7): when the same
 * user is back in the channel before that, its old entry leaves quietly after the new one has joined.
 * Leaving on purpose (unsubscribe, clean disconnect) takes effect at once.
 */
export class Presence {
  readonly #channels = new Map<string, Map<string, Entry>>()
  /** Clients in grace, in order of leaving: only these are looked at by `expire`. */
  readonly #leaving = new Map<string, { channel: string; client: string; atMs: number }>()
  /** By node, when its lease ends (Unix ms). */
  readonly #leases = new Map<string, number>()
  readonly #graceMs: number

  constructor(graceMs: number) {
    this.#graceMs = graceMs
  }

  /** @param node - where the connection is; absent: here, where its socket itself is the lease */
  join(channel: string, info: ClientInfo, node?: string): PresenceChange[] {
    const members = getOrAdd(this.#channels, channel, () => new Map<string, Entry>())
    this.#leaving.delete(key(channel, info.client))
    members.set(info.client, { info, node })
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
    // Deleted first: setting alone would keep its old place in the order of leaving.
    this.#leaving.delete(key(channel, client))
    this.#leaving.set(key(channel, client), { channel, client, atMs: nowMs + this.#graceMs })
  }

  /** Another node says that it lives, until `untilMs` at least. */
  renew(node: string, untilMs: number): void {
    this.#leases.set(node, untilMs)
  }

  /** Ends the graces and leases that are over. Call about once a second. */
  expire(nowMs: number): PresenceChange[] {
    return [...this.#expireGraces(nowMs), ...this.#expireLeases(nowMs)]
  }

  #expireLeases(nowMs: number): PresenceChange[] {
    const dead = [...this.#leases].filter(([, untilMs]) => untilMs <= nowMs).map(([node]) => node)
    return dead.flatMap((node) => {
      this.#leases.delete(node)
      return this.#leaveNode(node)
    })
  }

  #leaveNode(node: string): PresenceChange[] {
    const gone: { channel: string; client: string }[] = []
    for (const [channel, members] of this.#channels)
      for (const [client, entry] of members) if (entry.node === node) gone.push({ channel, client })
    return gone.flatMap(({ channel, client }) => this.leave(channel, client))
  }

  #expireGraces(nowMs: number): PresenceChange[] {
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
