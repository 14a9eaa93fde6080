import { SkeinError } from "../../core/errors.ts"
import type { Role, StoreInput, StoreOutput } from "../contract.ts"
import { ensureMembership } from "./overview.ts"
import type { Db } from "./schema.ts"

interface NewMember {
  readonly conversationId: string
  readonly userId: string
  readonly role: Role
  readonly nowMs: number
}

/** False: there is no such conversation, or the user is in it already. What was said before joining counts as read. */
export async function addMember(db: Db, { conversationId, userId, role, nowMs }: NewMember): Promise<boolean> {
  // Counting first takes the conversation's row for this transaction: two joins at once cannot both find nobody there.
  const counted = await addToMemberCount(db, conversationId, 1)
  if (!counted) return false
  const existing = await db
    .selectFrom("member")
    .select("user_id")
    .where("conv_id", "=", conversationId)
    .where("user_id", "=", userId)
    .executeTakeFirst()
  if (existing) {
    await addToMemberCount(db, conversationId, -1)
    return false
  }
  const { seq_head } = await db
    .selectFrom("conversation")
    .select("seq_head")
    .where("id", "=", conversationId)
    .executeTakeFirstOrThrow()
  await db
    .insertInto("member")
    .values({
      conv_id: conversationId,
      user_id: userId,
      role,
      joined_seq: seq_head,
      joined_at: nowMs,
      read_seq: seq_head,
    })
    .execute()
  return true
}

/** False: there is no such conversation. */
export async function addToMemberCount(db: Db, conversationId: string, by: 1 | -1): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable("conversation")
    .set((eb) => ({ member_count: eb("member_count", "+", by) }))
    .where("id", "=", conversationId)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

export async function join(db: Db, input: StoreInput<"join">): Promise<StoreOutput<"join">> {
  const { conversationId, userId, nowMs } = input
  const known = await db
    .selectFrom("conversation")
    .select(["kind", (eb) => eb.selectFrom("user").select("user.id").where("user.id", "=", userId).as("user_id")])
    .where("conversation.id", "=", conversationId)
    .executeTakeFirst()
  if (known?.kind !== "room") throw new SkeinError("not_found", "there is no such room")
  if (known.user_id === null) throw new SkeinError("not_found", "this user is not known here yet")
  const joined = await addMember(db, { conversationId, userId, role: "member", nowMs })
  return { membership: await ensureMembership(db, conversationId, userId), joined }
}
