import { MAX_ANSWER_BYTES, type StoredMessage, type StoreInput, type StoreOutput } from "../contract.ts"
import { ensureAccess, firstVisibleSeq } from "./access.ts"
import { toMessage } from "./rows.ts"
import type { Db } from "./schema.ts"
import { fittingAround } from "./sizes.ts"
import { usersById } from "./users.ts"

export interface Range {
  readonly conversationId: string
  /** Inclusive bounds. */
  readonly from: number
  readonly to: number
}

/** The first messages of a range, oldest first. */
export const oldestOf = (db: Db, range: Range, limit: number): Promise<StoredMessage[]> => read(db, range, limit, "asc")

/** The last messages of a range, oldest first. */
export const newestOf = async (db: Db, range: Range, limit: number): Promise<StoredMessage[]> =>
  (await read(db, range, limit, "desc")).reverse()

async function read(db: Db, { conversationId, from, to }: Range, limit: number, order: "asc" | "desc") {
  if (limit <= 0 || to < from) return []
  const rows = await db
    .selectFrom("message")
    .selectAll()
    .where("conv_id", "=", conversationId)
    .where("seq", ">=", from)
    .where("seq", "<=", to)
    .orderBy("seq", order)
    .limit(limit)
    .execute()
  return rows.map(toMessage)
}

export async function page(db: Db, input: StoreInput<"page">): Promise<StoreOutput<"page">> {
  const access = await ensureAccess(db, input)
  const { seq_head, chg_head } = access.conversation
  const all = { conversationId: input.conversationId, from: firstVisibleSeq(access), to: seq_head }
  const messages = fitting(await pageOf(db, all, input), input)
  const first = messages[0]?.seq
  const last = messages[messages.length - 1]?.seq
  return {
    messages,
    users: await usersById(db, [...new Set(messages.map(({ senderId }) => senderId))]),
    hasBefore: first === undefined ? (input.after ?? 0) >= all.from : first > all.from,
    hasAfter: last === undefined ? input.before !== undefined && input.before <= all.to : last < all.to,
    seqHead: seq_head,
    chgHead: chg_head,
  }
}

/** Where there is too much of it, what is farthest from what was asked for is left for the next page. */
function fitting(messages: readonly StoredMessage[], { after, around }: StoreInput<"page">): StoredMessage[] {
  const seqs = messages.map(({ seq }) => seq)
  const atLeast = (wanted: number) => seqs.findIndex((seq) => seq >= wanted)
  const anchor = after !== undefined ? 0 : around !== undefined ? atLeast(around) : -1
  return fittingAround(messages, anchor < 0 ? messages.length - 1 : anchor, MAX_ANSWER_BYTES)
}

async function pageOf(db: Db, all: Range, { before, after, around, limit }: StoreInput<"page">) {
  if (before !== undefined) return newestOf(db, { ...all, to: Math.min(all.to, before - 1) }, limit)
  if (after !== undefined) return oldestOf(db, { ...all, from: Math.max(all.from, after + 1) }, limit)
  if (around === undefined) return newestOf(db, all, limit)
  // The seq itself stands in the later half; a half that runs out leaves its place to the other.
  const middle = Math.min(Math.max(around, all.from), Math.max(all.to, all.from))
  const from = Math.max(all.from, Math.min(middle - Math.floor(limit / 2), all.to - limit + 1))
  return oldestOf(db, { ...all, from }, limit)
}
