import { SkeinError } from "../../core/errors.ts"
import {
  type CatchUp,
  MAX_ANSWER_BYTES,
  MAX_CATCH_UP_CHANGES,
  type StoredChange,
  type StoredMessage,
  type StoreInput,
  type StoreOutput,
} from "../contract.ts"
import { type Access, ensureAccess, firstVisibleSeq } from "./access.ts"
import { newestOf, oldestOf } from "./history.ts"
import { toChange } from "./messages.ts"
import { ensureMembership } from "./overview.ts"
import type { ConversationColumns } from "./rows.ts"
import type { ChangeRow, Db, MessageRow } from "./schema.ts"
import { fittingNewest, sizeOfAll } from "./sizes.ts"
import { usersById } from "./users.ts"

/** What one conversation may always take, even when the call's room is used up. */
const SMALLEST: Room = { messages: 10, bytes: 8 * 1024 }

interface Held {
  readonly seq: number
  readonly chg: number
}

/** What an answer still has room for. */
interface Room {
  readonly messages: number
  readonly bytes: number
}

const widerOf = (a: Room, b: Room): Room => ({
  messages: Math.max(a.messages, b.messages),
  bytes: Math.max(a.bytes, b.bytes),
})

const roomTakenBy = (messages: readonly StoredMessage[]): Room => ({
  messages: messages.length,
  bytes: sizeOfAll(messages),
})

const fits = (taken: Room, room: Room): boolean => taken.messages <= room.messages && taken.bytes <= room.bytes

const without = (room: Room, taken: Room): Room => ({
  messages: room.messages - taken.messages,
  bytes: room.bytes - taken.bytes,
})

export async function catchUp(db: Db, input: StoreInput<"catchUp">): Promise<StoreOutput<"catchUp">> {
  const conversations: CatchUp[] = []
  const senders = new Set<string>()
  let room: Room = { messages: input.maxTotal, bytes: MAX_ANSWER_BYTES }
  for (const held of input.conversations) {
    const access = await accessOrUndefined(db, held.conversationId, input.userId)
    if (!access) continue
    const entry = await catchUpOne(db, access, held, input, widerOf(room, SMALLEST))
    const { readSeq, unread, mentions } = await ensureMembership(db, held.conversationId, input.userId)
    const told = messagesIn(entry)
    for (const { senderId } of told) senders.add(senderId)
    room = without(room, roomTakenBy(told))
    conversations.push({ ...entry, readSeq, unread, mentions })
  }
  return { conversations, users: await usersById(db, [...senders]) }
}

const messagesIn = ({ messages, changes }: Pick<CatchUp, "messages" | "changes">): StoredMessage[] => [
  ...messages,
  ...changes.map(({ message }) => message),
]

async function accessOrUndefined(db: Db, conversationId: string, userId: string): Promise<Access | undefined> {
  try {
    return await ensureAccess(db, { conversationId, userId })
  } catch (error) {
    // Left or removed meanwhile: the client sees it by its absence.
    if (error instanceof SkeinError && error.code === "not_a_member") return undefined
    throw error
  }
}

type Caught = Omit<CatchUp, "readSeq" | "unread" | "mentions">

async function catchUpOne(
  db: Db,
  access: Access,
  held: Held,
  limits: StoreInput<"catchUp">,
  room: Room,
): Promise<Caught> {
  const { conversation } = access
  const range = { conversationId: conversation.id, from: firstVisibleSeq(access), to: conversation.seq_head }
  const heads = {
    conversationId: conversation.id,
    seqHead: conversation.seq_head,
    chgHead: conversation.chg_head,
  }
  /** The newest page of what is missing, and what of it was not sent. */
  const reset = async (from: number, changes: StoredChange[], left: Room): Promise<Caught> => {
    const newest = await newestOf(db, { ...range, from }, Math.min(limits.resetPage, Math.max(1, left.messages)))
    const messages = fittingNewest(newest, left.bytes)
    return { ...heads, messages, changes, gap: [from, lastOfGap(messages, from)] }
  }
  if (isStale(conversation, held)) return reset(range.from, [], room)
  const changes = await changesAfter(db, conversation, held.chg, range.from)
  const left = without(room, roomTakenBy(changes.map(({ message }) => message)))
  if (left.messages < 0 || left.bytes < 0) return reset(range.from, [], room)
  const from = Math.max(range.from, held.seq + 1)
  const missed = Math.max(0, range.to - from + 1)
  if (missed <= Math.min(limits.maxMessages, left.messages)) {
    const messages = await oldestOf(db, { ...range, from }, missed)
    if (fits(roomTakenBy(messages), left)) return { ...heads, messages, changes }
  }
  return reset(from, changes, left)
}

const lastOfGap = (messages: readonly StoredMessage[], from: number): number => (messages[0]?.seq ?? from) - 1

/** What the client holds cannot be brought up to date: too many changes, forgotten ones, or numbers from elsewhere. */
function isStale({ seq_head, chg_head, chg_floor }: ConversationColumns, { seq, chg }: Held): boolean {
  return seq > seq_head || chg > chg_head || chg < chg_floor || chg_head - chg > MAX_CATCH_UP_CHANGES
}

/** With the messages as they are now. Changes to what the member may not read are not his. */
async function changesAfter(
  db: Db,
  { id, chg_head }: ConversationColumns,
  chg: number,
  fromSeq: number,
): Promise<StoredChange[]> {
  if (chg >= chg_head) return []
  const rows = await db
    .selectFrom("change")
    .innerJoin("message", (join) =>
      join.onRef("message.conv_id", "=", "change.conv_id").onRef("message.seq", "=", "change.seq"),
    )
    .selectAll("message")
    .select(["change.chg", "change.op", "change.at", "change.data"])
    .where("change.conv_id", "=", id)
    .where("change.chg", ">", chg)
    .where("change.seq", ">=", fromSeq)
    .orderBy("change.chg")
    .limit(MAX_CATCH_UP_CHANGES)
    .execute()
  return rows.map(({ chg, op, at, data, ...message }) => {
    const change: ChangeRow = { conv_id: id, chg, seq: message.seq, op, at, data }
    return toChange(change, message as MessageRow)
  })
}
