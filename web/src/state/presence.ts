import { signal } from "@preact/signals"

/** Per channel: client id → user id. A person with three tabs is there three times, and here once. */
const clients = new Map<string, Map<string, string>>()

/** Everybody seen in any channel of ours. */
export const online = signal<ReadonlySet<string>>(new Set())

const version = signal(0)

/** Channels with too many people to be told of each of them: how many they are. */
const crowds = signal<ReadonlyMap<string, number>>(new Map())

/** How many are in a channel where only that is known; undefined where they are known one by one. */
export const crowdIn = (channel: string): number | undefined => crowds.value.get(channel)

/** Those known by name stay known until somebody looks: who has been here all along is told when they go. */
export function countCrowd(channel: string, size: number): void {
  crowds.value = new Map(crowds.peek()).set(channel, size)
}

/** How long those of a crowd count as here after their list was closed. */
const SEEN_FOR_MS = 60_000

/** Channels whose list was closed: what will forget the people of it. */
const fading = new Map<string, ReturnType<typeof setTimeout>>()

/** Some of a crowd, as they were listed just now. */
export function seenInCrowd(channel: string, userIds: readonly string[]): void {
  clearTimeout(fading.get(channel))
  clients.set(channel, new Map(userIds.map((userId) => [userId, userId])))
  recount()
}

/** The list is closed: who of a crowd goes from now on is not told, and would be here for ever. */
export function fadeSeen(channel: string, afterMs = SEEN_FOR_MS): void {
  if (!crowds.peek().has(channel)) return
  clearTimeout(fading.get(channel))
  fading.set(
    channel,
    setTimeout(() => forgetSeen(channel), afterMs),
  )
}

/** Nobody of a crowd is known until they are listed again. */
export function forgetSeen(channel: string): void {
  clearTimeout(fading.get(channel))
  fading.delete(channel)
  if (crowds.peek().has(channel) && clients.delete(channel)) recount()
}

/** Its people are told one by one, or the next look will say that they are not. */
export function forgetCrowd(channel: string): void {
  const next = new Map(crowds.peek())
  if (next.delete(channel)) crowds.value = next
}

/** Everybody in one channel. */
export function usersIn(channel: string): ReadonlySet<string> {
  version.value
  return new Set(clients.get(channel)?.values())
}

function recount(): void {
  version.value++
  const next = new Set<string>()
  for (const channel of clients.values()) for (const userId of channel.values()) next.add(userId)
  const old = online.peek()
  if (next.size !== old.size || [...next].some((id) => !old.has(id))) online.value = next
}

type Move = (present: Map<string, string>) => void

/** Per channel, what happened while a snapshot was on its way: it is older than these. */
const moves = new Map<string, Set<Move[]>>()

/**
 * Asks who is there, and applies joins and leaves that were told meanwhile on top of the answer.
 * @throws what `ask` throws; nothing changes then
 */
export async function takeSnapshot(channel: string, ask: () => Promise<Map<string, string>>): Promise<void> {
  const meanwhile: Move[] = []
  const open = moves.get(channel) ?? new Set()
  moves.set(channel, open.add(meanwhile))
  try {
    const present = await ask()
    for (const move of meanwhile) move(present)
    clients.set(channel, present)
    recount()
  } finally {
    open.delete(meanwhile)
  }
}

function note(channel: string, move: Move): void {
  for (const meanwhile of moves.get(channel) ?? []) meanwhile.push(move)
}

export function joined(channel: string, client: string, userId: string): void {
  if (crowds.peek().has(channel)) return
  note(channel, (present) => present.set(client, userId))
  const present = clients.get(channel) ?? new Map<string, string>()
  present.set(client, userId)
  clients.set(channel, present)
  recount()
}

export function left(channel: string, client: string): void {
  note(channel, (present) => present.delete(client))
  if (clients.get(channel)?.delete(client)) recount()
}

export function forgetPresence(channel: string): void {
  forgetCrowd(channel)
  if (clients.delete(channel)) recount()
}
