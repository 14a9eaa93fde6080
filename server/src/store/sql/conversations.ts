import { sql } from "kysely"
import { SkeinError } from "../../core/errors.ts"
import type { StoreInput, StoreOutput } from "../contract.ts"
import { directKeyOf } from "./direct-key.ts"
import { addMember } from "./joining.ts"
import { insertMessage } from "./messages.ts"
import { ensureMembership } from "./overview.ts"
import { CONVERSATION_COLUMNS, toConversation } from "./rows.ts"
import type { Db } from "./schema.ts"

const conversationById = (db: Db, id: string) =>
  db.selectFrom("conversation").select(CONVERSATION_COLUMNS).where("id", "=", id).executeTakeFirst()

const conversationBySlug = (db: Db, slug: string) =>
  db.selectFrom("conversation").select(CONVERSATION_COLUMNS).where("slug", "=", slug).executeTakeFirst()

export async function createRoom(db: Db, input: StoreInput<"createRoom">): Promise<StoreOutput<"createRoom">> {
  const existing = await conversationBySlug(db, input.slug)
  if (existing?.id === input.id) return { conversation: toConversation(existing), created: false }
  if (existing) throw new SkeinError("name_taken", `there is already a room "${existing.name}" (${input.slug})`)
  await ensureRoomForOneMore(db, input.maxRooms)
  await db
    .insertInto("conversation")
    .values({
      id: input.id,
      kind: "room",
      slug: input.slug,
      name: input.name,
      name_key: input.nameKey,
      topic: input.topic ?? null,
      direct_key: null,
      created_by: input.ownerId ?? null,
      history: input.history,
      active_at: input.nowMs,
      created_at: input.nowMs,
    })
    .execute()
  if (input.ownerId !== undefined) await openAs(db, input, input.ownerId)
  const row = await conversationById(db, input.id)
  if (!row) throw new SkeinError("internal")
  return { conversation: toConversation(row), created: true }
}

/** The system message comes first, so that the owner has it behind and nobody has it unread. */
async function openAs(db: Db, input: StoreInput<"createRoom">, ownerId: string): Promise<void> {
  if (input.opening) {
    const { clientId, body } = input.opening
    await insertMessage(db, {
      conversationId: input.id,
      senderId: ownerId,
      clientId,
      kind: "system",
      body,
      nowMs: input.nowMs,
    })
  }
  await addMember(db, { conversationId: input.id, userId: ownerId, role: "owner", nowMs: input.nowMs })
}

async function ensureRoomForOneMore(db: Db, maxRooms: number): Promise<void> {
  const { count } = await db
    .selectFrom("conversation")
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .where("kind", "=", "room")
    .executeTakeFirstOrThrow()
  if (Number(count) >= maxRooms) throw new SkeinError("limit_exceeded", `this server holds at most ${maxRooms} rooms`)
}

export async function roomBySlug(db: Db, { slug }: StoreInput<"roomBySlug">): Promise<StoreOutput<"roomBySlug">> {
  const row = await conversationBySlug(db, slug)
  if (!row) throw new SkeinError("not_found", `there is no room "${slug}"`)
  return { conversation: toConversation(row) }
}

export async function listRooms(db: Db, input: StoreInput<"listRooms">): Promise<StoreOutput<"listRooms">> {
  const { notOf, queryKey } = input
  let query = db.selectFrom("conversation").select(CONVERSATION_COLUMNS).where("kind", "=", "room")
  if (queryKey !== undefined && queryKey !== "") {
    const anywhere = `%${queryKey.replace(/[!%_]/g, "!$&")}%`
    query = query.where(sql<boolean>`name_key like ${anywhere} escape '!'`)
  }
  if (notOf !== undefined)
    query = query.where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom("member")
            .select("member.user_id")
            .whereRef("member.conv_id", "=", "conversation.id")
            .where("member.user_id", "=", notOf),
        ),
      ),
    )
  const rows = await query.orderBy("member_count", "desc").orderBy("id").limit(input.limit).execute()
  return { rooms: rows.map(toConversation) }
}

export async function openDirect(db: Db, input: StoreInput<"openDirect">): Promise<StoreOutput<"openDirect">> {
  const { userId, peerId, nowMs } = input
  const directKey = directKeyOf(userId, peerId)
  const existing = await db
    .selectFrom("conversation")
    .select("id")
    .where("direct_key", "=", directKey)
    .executeTakeFirst()
  if (existing) return { membership: await ensureMembership(db, existing.id, userId), created: false }
  const known = await db.selectFrom("user").select("id").where("id", "in", [userId, peerId]).execute()
  if (known.length !== 2) throw new SkeinError("not_found", "there is no such person here")
  await db
    .insertInto("conversation")
    .values({
      id: input.id,
      kind: "direct",
      slug: null,
      name: null,
      name_key: null,
      topic: null,
      direct_key: directKey,
      created_by: userId,
      history: "all",
      active_at: nowMs,
      created_at: nowMs,
    })
    .execute()
  for (const id of [userId, peerId])
    await addMember(db, { conversationId: input.id, userId: id, role: "member", nowMs })
  return { membership: await ensureMembership(db, input.id, userId), created: true }
}
