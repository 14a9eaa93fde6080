import { SkeinError } from "../../core/errors.ts"
import type { StoredUser, StoreInput, StoreOutput } from "../contract.ts"
import { addMember } from "./joining.ts"
import { CONVERSATION_COLUMNS, toConversation, toUser, USER_COLUMNS } from "./rows.ts"
import type { Db } from "./schema.ts"
import { usersById } from "./users.ts"

export async function saveUser(db: Db, input: StoreInput<"saveUser">): Promise<StoreOutput<"saveUser">> {
  const { user, nowMs } = input
  if (user.guest) await ensureNotMerged(db, user.id)
  if (input.uniqueSinceMs !== undefined) await ensureNameIsFree(db, user.id, user.nameKey, input.uniqueSinceMs)
  const values = {
    name: user.name,
    name_key: user.nameKey,
    avatar: user.avatar ?? null,
    guest: user.guest ? 1 : 0,
    seen_at: nowMs,
  }
  const { numUpdatedRows } = await db.updateTable("user").set(values).where("id", "=", user.id).executeTakeFirst()
  const created = numUpdatedRows === 0n
  if (created)
    await db
      .insertInto("user")
      .values({ id: user.id, created_at: nowMs, ...values })
      .execute()
  const stored: StoredUser = {
    id: user.id,
    name: user.name,
    ...(user.avatar === undefined ? {} : { avatar: user.avatar }),
    guest: user.guest,
  }
  return { user: stored, created, joined: created ? await joinDefaults(db, input) : [] }
}

/** Who has become a user of the site does not come back as the guest he was. */
async function ensureNotMerged(db: Db, guestId: string): Promise<void> {
  const row = await db.selectFrom("merged_guest").select("guest_id").where("guest_id", "=", guestId).executeTakeFirst()
  if (row) throw new SkeinError("unauthorized", "this guest has signed in at the site: ask /chat/session who you are")
}

async function joinDefaults(db: Db, { user, defaultRooms, nowMs }: StoreInput<"saveUser">) {
  const joined = []
  for (const conversationId of defaultRooms) {
    if (!(await addMember(db, { conversationId, userId: user.id, role: "member", nowMs }))) continue
    const row = await db
      .selectFrom("conversation")
      .select(CONVERSATION_COLUMNS)
      .where("id", "=", conversationId)
      .executeTakeFirstOrThrow()
    joined.push(toConversation(row))
  }
  return joined
}

async function ensureNameIsFree(db: Db, userId: string, nameKey: string, sinceMs: number): Promise<void> {
  const holder = await db
    .selectFrom("user")
    .select("id")
    .where("name_key", "=", nameKey)
    .where("id", "<>", userId)
    .where((eb) => eb.or([eb("guest", "=", 0), eb("seen_at", ">=", sinceMs)]))
    .limit(1)
    .executeTakeFirst()
  if (holder) throw new SkeinError("name_taken", "somebody here already has this name: choose another")
}

export async function touchUser(db: Db, { userId, nowMs }: StoreInput<"touchUser">): Promise<StoreOutput<"touchUser">> {
  await db.updateTable("user").set({ seen_at: nowMs }).where("id", "=", userId).where("seen_at", "<", nowMs).execute()
  return {}
}

export async function users(db: Db, { ids }: StoreInput<"users">): Promise<StoreOutput<"users">> {
  return { users: await usersById(db, ids) }
}

export async function findUsers(db: Db, input: StoreInput<"findUsers">): Promise<StoreOutput<"findUsers">> {
  let query = db.selectFrom("user").select(USER_COLUMNS).where("id", "<>", input.exceptId)
  // A range instead of LIKE: no wildcards to escape, and the index serves it.
  if (input.prefix !== "")
    query = query.where("name_key", ">=", input.prefix).where("name_key", "<", `${input.prefix}\u{10ffff}`)
  const { hiddenPrefix } = input
  const rows = await query
    .where((eb) => eb.or([eb("id", "<", hiddenPrefix), eb("id", ">=", `${hiddenPrefix}\u{10ffff}`)]))
    .orderBy("name_key")
    .orderBy("id")
    .limit(input.limit)
    .execute()
  return { users: rows.map(toUser) }
}

export async function endSession(db: Db, input: StoreInput<"endSession">): Promise<StoreOutput<"endSession">> {
  await db.deleteFrom("ended_session").where("until_ms", "<", input.nowMs).execute()
  await db.deleteFrom("ended_session").where("id", "=", input.sessionId).execute()
  await db.insertInto("ended_session").values({ id: input.sessionId, until_ms: input.untilMs }).execute()
  return {}
}

export async function isSessionEnded(
  db: Db,
  { sessionId }: StoreInput<"isSessionEnded">,
): Promise<StoreOutput<"isSessionEnded">> {
  const row = await db.selectFrom("ended_session").select("until_ms").where("id", "=", sessionId).executeTakeFirst()
  return row === undefined ? { ended: false } : { ended: true, untilMs: row.until_ms }
}
