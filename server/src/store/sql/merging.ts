import { randomUUID } from "node:crypto"
import { SkeinError } from "../../core/errors.ts"
import type { MergedConversation, StoreInput, StoreOutput } from "../contract.ts"
import { type Place, takeOverMembership } from "./merging-members.ts"
import type { Db } from "./schema.ts"
import { ensureUser, usersById } from "./users.ts"

type Input = StoreInput<"mergeGuest">
type Answer = StoreOutput<"mergeGuest">

/** What a repeated call answers with. */
type Outcome = Pick<Answer, "guest" | "conversations">

export async function mergeGuest(db: Db, input: Input): Promise<Answer> {
  const { guestId, userId, nowMs } = input
  const before = await mergeBefore(db, input)
  if (before) return { merged: false, ...before, user: await ensureUser(db, userId) }
  const user = await ensureUser(db, userId)
  const [guest] = await usersById(db, [guestId])
  if (!guest?.guest) throw new SkeinError("not_found", "there is no such guest here")
  if (user.guest) throw new SkeinError("bad_request", "a guest becomes a user of the site, not another guest")

  const spokenIn = await conversationsOfSender(db, guestId)
  await takeOverMessages(db, input)
  const places: Place[] = []
  for (const id of await conversationsOfMember(db, guestId)) places.push(await takeOverMembership(db, id, input))
  const known = new Set(places.flatMap(({ conversationId, movedFrom }) => [conversationId, movedFrom]))
  places.push(...spokenIn.filter((id) => !known.has(id)).map((conversationId) => ({ conversationId })))
  for (const { conversationId } of places) await forgetMentionsOfOneself(db, conversationId, userId)
  const moved = new Set(places.map(({ movedFrom }) => movedFrom))
  for (const id of spokenIn) if (!moved.has(id)) await outdate(db, id)
  await db.deleteFrom("user").where("id", "=", guestId).execute()

  const conversations: MergedConversation[] = []
  for (const place of places) conversations.push({ ...place, ...(await figuresOf(db, place.conversationId)) })
  const outcome = JSON.stringify({ guest, conversations } satisfies Outcome)
  await db.insertInto("merged_guest").values({ guest_id: guestId, user_id: userId, at: nowMs, outcome }).execute()
  return { merged: true, guest, user, conversations }
}

/** @throws SkeinError `conflict` when the guest is somebody else already */
async function mergeBefore(db: Db, { guestId, userId }: Input): Promise<Outcome | undefined> {
  const row = await db.selectFrom("merged_guest").selectAll().where("guest_id", "=", guestId).executeTakeFirst()
  if (!row) return undefined
  if (row.user_id !== userId) throw new SkeinError("conflict", "this guest has become somebody else already")
  return JSON.parse(row.outcome) as Outcome
}

async function conversationsOfSender(db: Db, senderId: string): Promise<string[]> {
  const rows = await db
    .selectFrom("message")
    .select("conv_id")
    .distinct()
    .where("sender_id", "=", senderId)
    .orderBy("conv_id")
    .execute()
  return rows.map(({ conv_id }) => conv_id)
}

async function conversationsOfMember(db: Db, userId: string): Promise<string[]> {
  const rows = await db
    .selectFrom("member")
    .select("conv_id")
    .where("user_id", "=", userId)
    .orderBy("conv_id")
    .execute()
  return rows.map(({ conv_id }) => conv_id)
}

/** With their client ids: what the guest sent and heard no answer to is found again when the member repeats it. */
async function takeOverMessages(db: Db, { guestId, userId }: Input): Promise<void> {
  const clashing = await db
    .selectFrom("message as own")
    .innerJoin("message as other", "other.client_id", "own.client_id")
    .select(["own.conv_id", "own.seq"])
    .where("own.sender_id", "=", guestId)
    .where("other.sender_id", "=", userId)
    .execute()
  // The same id twice for two messages: both stay, the member's keeps the id.
  for (const { conv_id, seq } of clashing)
    await db
      .updateTable("message")
      .set({ client_id: `m_${randomUUID()}` })
      .where("conv_id", "=", conv_id)
      .where("seq", "=", seq)
      .execute()
  await db.updateTable("message").set({ sender_id: userId }).where("sender_id", "=", guestId).execute()
}

/** The member may have named the guest, or the reverse: nobody is called by himself. */
async function forgetMentionsOfOneself(db: Db, conversationId: string, userId: string): Promise<void> {
  const own = await db
    .selectFrom("mention")
    .innerJoin("message", (join) =>
      join.onRef("message.conv_id", "=", "mention.conv_id").onRef("message.seq", "=", "mention.seq"),
    )
    .select("mention.seq")
    .where("mention.conv_id", "=", conversationId)
    .where("mention.user_id", "=", userId)
    .where("message.sender_id", "=", userId)
    .execute()
  for (const { seq } of own)
    await db
      .deleteFrom("mention")
      .where("conv_id", "=", conversationId)
      .where("user_id", "=", userId)
      .where("seq", "=", seq)
      .execute()
}

/** Whoever holds messages of the conversation and missed that their sender is another now gets a reset. */
async function outdate(db: Db, conversationId: string): Promise<void> {
  await db
    .updateTable("conversation")
    .set((eb) => ({ chg_head: eb("chg_head", "+", 1) }))
    .where("id", "=", conversationId)
    .execute()
  const { chgHead } = await figuresOf(db, conversationId)
  await db.updateTable("conversation").set({ chg_floor: chgHead }).where("id", "=", conversationId).execute()
  await db.deleteFrom("change").where("conv_id", "=", conversationId).execute()
}

async function figuresOf(db: Db, conversationId: string) {
  const row = await db
    .selectFrom("conversation")
    .select(["seq_head", "chg_head", "member_count"])
    .where("id", "=", conversationId)
    .executeTakeFirstOrThrow()
  return { seqHead: row.seq_head, chgHead: row.chg_head, memberCount: row.member_count }
}
