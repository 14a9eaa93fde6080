import { computed, type Signal, signal } from "@preact/signals"
import type { Conversation, Membership, Message } from "../contract.ts"
import { LIMITS } from "../contract.ts"
import { byName } from "../i18n/order.ts"
import { roomName } from "../i18n/room-name.ts"
import { type Counts, Tally } from "../sync/tally.ts"
import { emptyThread, heard, type Thread } from "../sync/thread.ts"
import { learn } from "./people.ts"

/** A conversation I am in. The parts change at different rates, so each is a signal of its own. */
export interface Room {
  readonly id: string
  readonly channel: string
  readonly facts: Signal<Membership>
  readonly thread: Signal<Thread>
  /** What the two numbers below come from. */
  readonly tally: Tally
  readonly unread: Signal<number>
  /** Of the unread, those that name me. */
  readonly mentions: Signal<number>
  readonly readSeq: Signal<number>
  readonly lastMessage: Signal<Message | undefined>
}

/** The conversations I am in, by id. */
export const rooms = signal<ReadonlyMap<string, Room>>(new Map())
/** Public rooms I have not joined. */
export const joinable = signal<readonly Conversation[]>([])
export const mayCreateRooms = signal(false)
/** False until the first hello has been answered: until then an empty list means nothing. */
export const greeted = signal(false)

export const roomList = computed(() =>
  [...rooms.value.values()]
    .filter((room) => room.facts.value.kind === "room")
    .sort((a, b) => byName(roomName(a.facts.value), roomName(b.facts.value))),
)

/** When something last happened there. */
export const activity = (room: Room): number => room.lastMessage.value?.created_at ?? room.facts.value.created_at

export const directList = computed(() =>
  [...rooms.value.values()]
    .filter((room) => room.facts.value.kind === "direct")
    .sort((a, b) => activity(b) - activity(a)),
)

/** In the order of the side list; what Alt+Up and Alt+Down walk along. */
export const inOrder = computed(() => [...roomList.value, ...directList.value])

export const totalUnread = computed(() => {
  let total = 0
  for (const room of rooms.value.values()) total += room.unread.value
  return total
})

/** Takes a conversation as the server describes it now, keeping what is already held of it. */
export function adopt(membership: Membership): Room {
  if (membership.peer) learn(membership.peer)
  const held = rooms.peek().get(membership.id)
  if (held) return refresh(held, membership)
  const room: Room = {
    id: membership.id,
    channel: membership.channel,
    facts: signal(membership),
    thread: signal(emptyThread(membership.seq_head, membership.chg_head)),
    tally: new Tally(countsOf(membership), LIMITS.unreadCap),
    unread: signal(membership.unread),
    mentions: signal(membership.mentions ?? 0),
    readSeq: signal(membership.read_seq),
    lastMessage: signal(membership.last_message),
  }
  rooms.value = new Map(rooms.peek()).set(room.id, room)
  joinable.value = joinable.peek().filter((other) => other.id !== room.id)
  return room
}

function refresh(room: Room, membership: Membership): Room {
  const thread = room.thread.peek()
  room.facts.value = membership
  takeCounts(room, membership)
  if (thread.loaded) {
    room.thread.value = heard(thread, membership.seq_head, membership.chg_head)
  } else if (membership.seq_head >= thread.seqHead) {
    room.thread.value = emptyThread(membership.seq_head, membership.chg_head)
  }
  if (membership.seq_head >= thread.seqHead) {
    room.lastMessage.value = membership.last_message
  }
  return room
}

/** The server's counts wherever it gives them, with the heads it had counted up to. */
interface Counted {
  readonly read_seq: number
  readonly unread: number
  readonly mentions?: number | undefined
  readonly seq_head: number
  readonly chg_head: number
}

const countsOf = ({ unread, mentions = 0, seq_head, chg_head }: Counted): Counts => ({
  unread,
  mentions,
  seq: seq_head,
  chg: chg_head,
})

/** Takes over the server's counts, unless I have read on since they were made, on whatever device. */
export function takeCounts(room: Room, counted: Counted): void {
  if (counted.read_seq < room.readSeq.peek()) return
  room.readSeq.value = counted.read_seq
  room.tally.counted(countsOf(counted))
  showCounts(room)
}

/** After the tally has changed. */
export function showCounts(room: Room): void {
  const { unread, mentions } = room.tally.totals(room.readSeq.peek())
  room.unread.value = unread
  room.mentions.value = mentions
}

export function drop(conversationId: string): void {
  const next = new Map(rooms.peek())
  if (next.delete(conversationId)) rooms.value = next
}

/** Drops every conversation but these, and gives back the dropped. */
export function keepOnly(ids: ReadonlySet<string>): Room[] {
  const gone = [...rooms.peek().values()].filter((room) => !ids.has(room.id))
  for (const room of gone) drop(room.id)
  return gone
}
