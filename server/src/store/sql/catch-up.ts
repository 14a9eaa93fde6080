import { SkeinError } from "../../core/errors.ts"
import {
  type CatchUp,
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
import { usersById } from "./people.ts"
import type { ConversationColumns } from "./rows.ts"
import type { ChangeRow, Db, MessageRow } from "./schema.ts"

/** A newest page is never cut below this, even when the call's budget is used up. */
const SMALLEST_RESET_PAGE = 10

interface Held {
  readonly seq: number
  readonly chg: number
}

export async function catchUp(db: Db, input: StoreInput<"catchUp">): Promise<StoreOutput<"catchUp">> {
  const conversations: CatchUp[] = []
  let budget = input.maxTotal
  for (const held of input.conversations) {
    const access = await accessOrUndefined(db, held.conversationId, input.userId)
    if (!access) continue
    const entry = await catchUpOne(db, access, held, input, budget)
    const { readSeq, unread, mentions } = await ensureMembership(db, held.conversationId, input.userId)
    budget -= entry.messages.length + entry.changes.length
    conversations.push({ ...entry, readSeq, unread, mentions })
  }
  const senders = new Set<string>()
  for (const { messages, changes } of conversations)
    for (const { senderId } of [...messages, ...changes.map(({ message }) => message)]) senders.add(senderId)
  return { conversations, users: await usersById(db, [...senders]) }
}

async function accessOrUndefined(db: Db, conversationId: string, userId: string): Promise<Access | undefined> {
  try {
    return await ensureAccess(db, conversationId, userId, false)
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
  budget: number,
): Promise<Caught> {
  const { conversation } = access
  const range = { conversationId: conversation.id, from: firstVisibleSeq(access), to: conversation.seq_head }
  const heads = {
    conversationId: conversation.id,
    seqHead: conversation.seq_head,
    chgHead: conversation.chg_head,
  }
  const resetPage = Math.max(SMALLEST_RESET_PAGE, Math.min(limits.resetPage, budget))
  if (isStale(conversation, held)) {
    const messages = await newestOf(db, range, resetPage)
    return { ...heads, messages, changes: [], gap: [range.from, lastOfGap(messages, range.from)] }
  }
  const changes = await changesAfter(db, conversation, held.chg, range.from)
  const from = Math.max(range.from, held.seq + 1)
  const missed = Math.max(0, range.to - from + 1)
  if (missed <= limits.maxMessages && missed + changes.length <= Math.max(budget, SMALLEST_RESET_PAGE))
    return { ...heads, messages: await oldestOf(db, { ...range, from }, missed), changes }
  const messages = await newestOf(db, { ...range, from }, resetPage)
  return { ...heads, messages, changes, gap: [from, lastOfGap(messages, from)] }
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
