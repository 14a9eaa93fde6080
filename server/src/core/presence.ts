import { getOrAdd } from "./collections.ts"
import type { ClientInfo } from "./publication.ts"

/** What changed in a channel, to be told to those who asked. */
export interface PresenceChange {
  readonly kind: "join" | "leave"
  readonly channel: string
  readonly info: ClientInfo
  /** The first connection of this user came, or its last one left. */
  readonly ofUser: boolean
  /** Of a leave: for how long the connection had been gone already, when its grace came first. */
  readonly goneForMs?: number
}

interface Members {
  readonly byClient: Map<string, ClientInfo>
  /** Which node a client's connection is on, for those that are not here. */
  readonly elsewhere: Map<string, string>
  /** Connections of each user. */
  readonly users: Map<string, number>
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
  readonly #channels = new Map<string, Members>()
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
    const members = getOrAdd(this.#channels, channel, newMembers)
    this.#leaving.delete(key(channel, info.client))
    const known = members.byClient.get(info.client)
    members.byClient.set(info.client, info)
    if (node === undefined) members.elsewhere.delete(info.client)
    else members.elsewhere.set(info.client, node)
    if (known) removeOfUser(members, known.user)
    return [{ kind: "join", channel, info, ofUser: addOfUser(members, info.user) }]
  }

  /** The client left on purpose. */
  leave(channel: string, client: string): PresenceChange[] {
    const members = this.#channels.get(channel)
    const info = members?.byClient.get(client)
    if (!members || !info) return []
    members.byClient.delete(client)
    members.elsewhere.delete(client)
    if (members.byClient.size === 0) this.#channels.delete(channel)
    this.#leaving.delete(key(channel, client))
    return [{ kind: "leave", channel, info, ofUser: removeOfUser(members, info.user) }]
  }

  /** The client's connection dropped: it leaves when its grace is over. */
  drop(channel: string, client: string, nowMs: number): void {
    if (!this.#channels.get(channel)?.byClient.has(client)) return
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
      for (const [client, itsNode] of members.elsewhere) if (itsNode === node) gone.push({ channel, client })
    return gone.flatMap(({ channel, client }) => this.leave(channel, client))
  }

  #expireGraces(nowMs: number): PresenceChange[] {
    const changes: PresenceChange[] = []
    for (const { channel, client, atMs } of this.#leaving.values()) {
      if (atMs > nowMs) break
      changes.push(...this.leave(channel, client).map((change) => ({ ...change, goneForMs: this.#graceMs })))
    }
    return changes
  }

  /** By client id. */
  members(channel: string): Map<string, ClientInfo> {
    return new Map(this.#channels.get(channel)?.byClient)
  }

  stats(channel: string): { clients: number; users: number } {
    const members = this.#channels.get(channel)
    return { clients: members?.byClient.size ?? 0, users: members?.users.size ?? 0 }
  }

  /** Whether any client of the user is in the channel (grace included). */
  isPresent(channel: string, user: string): boolean {
    return this.#channels.get(channel)?.users.has(user) ?? false
  }
}

const newMembers = (): Members => ({ byClient: new Map(), elsewhere: new Map(), users: new Map() })

/** @returns whether it is the user's first connection */
function addOfUser({ users }: Members, user: string): boolean {
  const count = (users.get(user) ?? 0) + 1
  users.set(user, count)
  return count === 1
}

/** @returns whether it was the user's last connection */
function removeOfUser({ users }: Members, user: string): boolean {
  const count = (users.get(user) ?? 0) - 1
  if (count > 0) users.set(user, count)
  else users.delete(user)
  return count <= 0
}

const key = (channel: string, client: string): string => `${client} ${channel}`
