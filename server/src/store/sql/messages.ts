import { SkeinError } from "../../core/errors.ts"
import type { Changed, Heads, StoredMessage, StoreInput, StoreOutput } from "../contract.ts"
import { type Access, ensureAccess, firstVisibleSeq } from "./access.ts"
import { storeMentions } from "./mentions.ts"
import { countUp } from "./numbers.ts"
import { toMessage } from "./rows.ts"
import type { ChangeRow, Db, MessageRow } from "./schema.ts"
import { ensureUser } from "./users.ts"

/** A message before it has a number. */
export type MessageDraft = Omit<StoreInput<"appendMessage">, "mentions" | "visitor">

export async function appendMessage(db: Db, input: StoreInput<"appendMessage">): Promise<StoreOutput<"appendMessage">> {
  const repeated = await storedBefore(db, input)
  if (repeated) return repeated
  const access = await ensureAccess(db, { ...input, userId: input.senderId })
  ensureReplyTarget(access, input.replyToSeq)
  const { message, heads } = await insertMessage(db, input)
  await storeMentions(db, message, input.mentions)
  await followWithCursor(db, message, access)
  const introduceTo = message.seq === 1 ? await otherOfDirect(db, access, input.senderId) : undefined
  return {
    message,
    duplicate: false,
    ...heads,
    sender: await ensureUser(db, input.senderId),
    ...(introduceTo === undefined ? {} : { introduceTo }),
  }
}

/** Gives the message its number. What else a message brings with it is `appendMessage`'s. */
export async function insertMessage(db: Db, draft: MessageDraft): Promise<{ message: StoredMessage; heads: Heads }> {
  const heads = await countUp(db, draft.conversationId, "seq_head", draft.nowMs)
  const row: MessageRow = {
    conv_id: draft.conversationId,
    seq: heads.seqHead,
    sender_id: draft.senderId,
    client_id: draft.clientId,
    kind: draft.kind,
    body: draft.body,
    card: draft.card ?? null,
    reply_to_seq: draft.replyToSeq ?? null,
    created_at: draft.nowMs,
    edited_at: null,
    state: "live",
  }
  await db.insertInto("message").values(row).execute()
  return { message: toMessage(row), heads }
}

async function storedBefore(
  db: Db,
  { senderId, clientId }: StoreInput<"appendMessage">,
): Promise<StoreOutput<"appendMessage"> | undefined> {
  const row = await db
    .selectFrom("message")
    .selectAll()
    .where("sender_id", "=", senderId)
    .where("client_id", "=", clientId)
    .executeTakeFirst()
  if (!row) return undefined
  const heads = await db
    .selectFrom("conversation")
    .select(["seq_head", "chg_head"])
    .where("id", "=", row.conv_id)
    .executeTakeFirstOrThrow()
  return {
    message: toMessage(row),
    duplicate: true,
    seqHead: heads.seq_head,
    chgHead: heads.chg_head,
    sender: await ensureUser(db, senderId),
  }
}

function ensureReplyTarget(access: Access, replyToSeq: number | undefined): void {
  if (replyToSeq === undefined) return
  if (replyToSeq >= firstVisibleSeq(access) && replyToSeq <= access.conversation.seq_head) return
  throw new SkeinError("bad_request", `reply_to_seq ${replyToSeq} is not a message of this conversation`)
}

/** Who had read everything has read what he says himself. */
async function followWithCursor(db: Db, { conversationId, senderId, seq }: StoredMessage, access: Access) {
  if (access.member?.read_seq !== seq - 1) return
  await db
    .updateTable("member")
    .set({ read_seq: seq })
    .where("conv_id", "=", conversationId)
    .where("user_id", "=", senderId)
    .execute()
}

async function otherOfDirect(db: Db, { conversation }: Access, senderId: string): Promise<string | undefined> {
  if (conversation.kind !== "direct") return undefined
  const other = await db
    .selectFrom("member")
    .select("user_id")
    .where("conv_id", "=", conversation.id)
    .where("user_id", "<>", senderId)
    .executeTakeFirst()
  return other?.user_id
}

export async function editMessage(db: Db, input: StoreInput<"editMessage">): Promise<StoreOutput<"editMessage">> {
  const access = await ensureAccess(db, input)
  const row = await messageRow(db, access, input.seq)
  if (row.sender_id !== input.userId) throw new SkeinError("permission_denied", "only its sender may edit a message")
  if (row.kind !== "text") throw new SkeinError("permission_denied", "a system message cannot be edited")
  // Its body is the card in words: the two would no longer say the same.
  if (row.card !== null) throw new SkeinError("permission_denied", "a notice card cannot be edited, only deleted")
  if (row.state === "deleted") throw new SkeinError("conflict", "the message has been deleted")
  if (row.body === input.body) return unchanged(db, access, row)
  return change(db, { ...row, body: input.body, edited_at: input.nowMs }, "edit", input.nowMs)
}

export async function deleteMessage(db: Db, input: StoreInput<"deleteMessage">): Promise<StoreOutput<"deleteMessage">> {
  const access = await ensureAccess(db, input)
  const row = await messageRow(db, access, input.seq)
  const mayModerate = access.member?.role === "owner" || access.member?.role === "admin"
  const isOwn = row.sender_id === input.userId && row.kind === "text"
  if (!isOwn && !mayModerate)
    throw new SkeinError("permission_denied", "only its sender or a moderator of the room may delete a message")
  if (row.state === "deleted") return unchanged(db, access, row)
  return change(db, { ...row, body: "", card: null, state: "deleted" }, "delete", input.nowMs)
}

async function messageRow(db: Db, access: Access, seq: number): Promise<MessageRow> {
  const row = await db
    .selectFrom("message")
    .selectAll()
    .where("conv_id", "=", access.conversation.id)
    .where("seq", "=", seq)
    .executeTakeFirst()
  if (!row || seq < firstVisibleSeq(access)) throw new SkeinError("not_found", `there is no message ${seq} here`)
  return row
}

async function change(db: Db, after: MessageRow, op: ChangeRow["op"], nowMs: number): Promise<Changed> {
  const heads = await countUp(db, after.conv_id, "chg_head", nowMs)
  const { body, card, edited_at, state } = after
  await db
    .updateTable("message")
    .set({ body, card, edited_at, state })
    .where("conv_id", "=", after.conv_id)
    .where("seq", "=", after.seq)
    .execute()
  const row: ChangeRow = { conv_id: after.conv_id, chg: heads.chgHead, seq: after.seq, op, at: nowMs, data: null }
  await db.insertInto("change").values(row).execute()
  return { change: toChange(row, after), changed: true, ...heads }
}

/** The message is as asked already: the answer is the change that made it so. */
async function unchanged(db: Db, { conversation }: Access, row: MessageRow): Promise<Changed> {
  const last = await db
    .selectFrom("change")
    .selectAll()
    .where("conv_id", "=", row.conv_id)
    .where("seq", "=", row.seq)
    .orderBy("chg", "desc")
    .limit(1)
    .executeTakeFirst()
  // Forgotten with the old changes: any number at or below the floor says "long ago".
  const op = row.state === "deleted" ? "delete" : "edit"
  const forgotten: ChangeRow = {
    conv_id: row.conv_id,
    chg: conversation.chg_floor,
    seq: row.seq,
    op,
    at: row.edited_at ?? row.created_at,
    data: null,
  }
  return {
    change: toChange(last ?? forgotten, row),
    changed: false,
    seqHead: conversation.seq_head,
    chgHead: conversation.chg_head,
  }
}

export const toChange = (row: ChangeRow, message: MessageRow) => ({
  conversationId: row.conv_id,
  chg: row.chg,
  seq: row.seq,
  op: row.op,
  atMs: row.at,
  message: toMessage(message),
})
