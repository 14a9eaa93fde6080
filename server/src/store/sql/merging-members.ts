import type { Selectable } from "kysely"
import type { MergedConversation, Role } from "../contract.ts"
import { directKeyOf } from "./direct-key.ts"
import { addToMemberCount } from "./joining.ts"
import type { Db, MemberRow } from "./schema.ts"

interface Pair {
  readonly guestId: string
  readonly userId: string
}

type Member = Selectable<MemberRow>
/** A conversation that a merge has changed, without its figures, which later steps change again. */
export type Place = Omit<MergedConversation, "seqHead" | "chgHead" | "memberCount">

const RANKS: readonly Role[] = ["member", "admin", "owner"]

/** The guest's membership becomes the member's; of two in the same conversation one is left. */
export async function takeOverMembership(db: Db, conversationId: string, pair: Pair): Promise<Place> {
  const { kind, created_by } = await db
    .selectFrom("conversation")
    .select(["kind", "created_by"])
    .where("id", "=", conversationId)
    .executeTakeFirstOrThrow()
  if (created_by === pair.guestId)
    await db.updateTable("conversation").set({ created_by: pair.userId }).where("id", "=", conversationId).execute()
  await takeOverMentions(db, conversationId, pair)
  if (kind === "direct") return takeOverDirect(db, conversationId, pair)
  await joinMemberships(db, conversationId, pair)
  return { conversationId }
}

async function takeOverMentions(db: Db, conversationId: string, { guestId, userId }: Pair): Promise<void> {
  const seqsOf = async (id: string) => {
    const rows = await db
      .selectFrom("mention")
      .select("seq")
      .where("conv_id", "=", conversationId)
      .where("user_id", "=", id)
      .execute()
    return rows.map(({ seq }) => seq)
  }
  const named = await seqsOf(guestId)
  if (named.length === 0) return
  const already = new Set(await seqsOf(userId))
  for (const seq of named)
    if (!already.has(seq))
      await db.insertInto("mention").values({ conv_id: conversationId, user_id: userId, seq }).execute()
  await db.deleteFrom("mention").where("conv_id", "=", conversationId).where("user_id", "=", guestId).execute()
}

async function joinMemberships(db: Db, conversationId: string, { guestId, userId }: Pair): Promise<void> {
  const own = await memberRow(db, conversationId, userId)
  if (!own) {
    await db
      .updateTable("member")
      .set({ user_id: userId })
      .where("conv_id", "=", conversationId)
      .where("user_id", "=", guestId)
      .execute()
    return
  }
  const guest = await memberRow(db, conversationId, guestId)
  if (!guest) return
  await db.deleteFrom("member").where("conv_id", "=", conversationId).where("user_id", "=", guestId).execute()
  await addToMemberCount(db, conversationId, -1)
  await db
    .updateTable("member")
    .set({
      role: RANKS[Math.max(RANKS.indexOf(own.role), RANKS.indexOf(guest.role))] ?? own.role,
      joined_seq: Math.min(own.joined_seq, guest.joined_seq),
      joined_at: Math.min(own.joined_at, guest.joined_at),
      read_seq: cursorOf(own, guest),
    })
    .where("conv_id", "=", conversationId)
    .where("user_id", "=", userId)
    .execute()
}

/**
 * The further of the two, as far as somebody has read: a cursor that still stands where its owner joined says only
 * that, and must not hide what the other one of the two has unread.
 */
function cursorOf(a: Member, b: Member): number {
  const read = [a, b].filter(({ read_seq, joined_seq }) => read_seq > joined_seq).map(({ read_seq }) => read_seq)
  return read.length > 0 ? Math.max(...read) : Math.min(a.read_seq, b.read_seq)
}

/** There is one direct conversation of two people; somebody's with himself is one too. */
async function takeOverDirect(db: Db, conversationId: string, { guestId, userId }: Pair): Promise<Place> {
  const other = await db
    .selectFrom("member")
    .select("user_id")
    .where("conv_id", "=", conversationId)
    .where("user_id", "<>", guestId)
    .executeTakeFirst()
  // A guest who is the other one of a direct conversation with himself would have been merged before.
  const peerId = other?.user_id ?? userId
  const directKey = directKeyOf(userId, peerId)
  const same = await db.selectFrom("conversation").select("id").where("direct_key", "=", directKey).executeTakeFirst()
  const peer = peerId === userId ? {} : { peerId }
  if (same) {
    await moveDirect(db, { from: conversationId, to: same.id }, { guestId, userId })
    return { conversationId: same.id, movedFrom: conversationId, ...peer }
  }
  await db.updateTable("conversation").set({ direct_key: directKey }).where("id", "=", conversationId).execute()
  await joinMemberships(db, conversationId, { guestId, userId })
  return { conversationId, ...peer }
}

/** All that was said there goes behind what was said here, in its order; the numbers grow by the same for all. */
async function moveDirect(
  db: Db,
  { from, to }: { readonly from: string; readonly to: string },
  { guestId, userId }: Pair,
): Promise<void> {
  const columns = ["seq_head", "active_at"] as const
  const source = await db.selectFrom("conversation").select(columns).where("id", "=", from).executeTakeFirstOrThrow()
  const target = await db.selectFrom("conversation").select(columns).where("id", "=", to).executeTakeFirstOrThrow()
  const offset = target.seq_head
  const cursors = await db.selectFrom("member").select(["user_id", "read_seq"]).where("conv_id", "=", from).execute()
  const readThere = new Map<string, number>()
  for (const { user_id, read_seq } of cursors) {
    const id = user_id === guestId ? userId : user_id
    readThere.set(id, Math.max(read_seq, readThere.get(id) ?? 0))
  }
  // Who has unread messages here keeps them: a cursor has one place.
  for (const [id, readSeq] of readThere)
    await db
      .updateTable("member")
      .set({ read_seq: offset + readSeq })
      .where("conv_id", "=", to)
      .where("user_id", "=", id)
      .where("read_seq", "=", offset)
      .execute()
  await db
    .updateTable("message")
    .set((eb) => ({ conv_id: to, seq: eb("seq", "+", offset), reply_to_seq: eb("reply_to_seq", "+", offset) }))
    .where("conv_id", "=", from)
    .execute()
  await db
    .updateTable("mention")
    .set((eb) => ({ conv_id: to, seq: eb("seq", "+", offset) }))
    .where("conv_id", "=", from)
    .execute()
  await db
    .updateTable("conversation")
    .set({ seq_head: offset + source.seq_head, active_at: Math.max(source.active_at, target.active_at) })
    .where("id", "=", to)
    .execute()
  await db.deleteFrom("change").where("conv_id", "=", from).execute()
  await db.deleteFrom("member").where("conv_id", "=", from).execute()
  await db.deleteFrom("conversation").where("id", "=", from).execute()
}

const memberRow = (db: Db, conversationId: string, userId: string): Promise<Member | undefined> =>
  db
    .selectFrom("member")
    .selectAll()
    .where("conv_id", "=", conversationId)
    .where("user_id", "=", userId)
    .executeTakeFirst()
