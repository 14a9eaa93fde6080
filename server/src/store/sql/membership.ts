import { SkeinError } from "../../core/errors.ts"
import type { Role, StoredMember, StoreInput, StoreOutput } from "../contract.ts"
import { ensureAccess } from "./access.ts"
import { addToMemberCount } from "./joining.ts"
import { padded } from "./lists.ts"
import { ensureMembership } from "./overview.ts"
import { toUser, USER_COLUMNS } from "./rows.ts"
import type { Db } from "./schema.ts"

export async function leave(db: Db, input: StoreInput<"leave">): Promise<StoreOutput<"leave">> {
  const { conversationId, userId } = input
  const conversation = await db
    .selectFrom("conversation")
    .select(["kind", "member_count"])
    .where("id", "=", conversationId)
    .executeTakeFirst()
  if (!conversation) return { left: false, memberCount: 0 }
  if (conversation.kind !== "room") throw new SkeinError("bad_request", "a direct conversation cannot be left")
  const member = await db
    .selectFrom("member")
    .select("role")
    .where("conv_id", "=", conversationId)
    .where("user_id", "=", userId)
    .executeTakeFirst()
  if (!member) return { left: false, memberCount: conversation.member_count }
  await db.deleteFrom("member").where("conv_id", "=", conversationId).where("user_id", "=", userId).execute()
  await db.deleteFrom("mention").where("conv_id", "=", conversationId).where("user_id", "=", userId).execute()
  await addToMemberCount(db, conversationId, -1)
  if (member.role === "owner") await passOwnership(db, conversationId)
  return { left: true, memberCount: conversation.member_count - 1 }
}

async function passOwnership(db: Db, conversationId: string): Promise<void> {
  const heir = await db
    .selectFrom("member")
    .select("user_id")
    .where("conv_id", "=", conversationId)
    .orderBy("joined_at")
    .orderBy("user_id")
    .limit(1)
    .executeTakeFirst()
  if (!heir) return
  await db
    .updateTable("member")
    .set({ role: "owner" })
    .where("conv_id", "=", conversationId)
    .where("user_id", "=", heir.user_id)
    .execute()
}

export async function membership(db: Db, input: StoreInput<"membership">): Promise<StoreOutput<"membership">> {
  return { membership: await ensureMembership(db, input.conversationId, input.userId) }
}

export async function ensureMayRead(db: Db, input: StoreInput<"ensureMayRead">): Promise<StoreOutput<"ensureMayRead">> {
  const { conversation } = await ensureAccess(db, input)
  return { memberCount: conversation.member_count }
}

export async function members(db: Db, input: StoreInput<"members">): Promise<StoreOutput<"members">> {
  const { conversation } = await ensureAccess(db, input)
  const rows = db
    .selectFrom("member")
    .innerJoin("user", "user.id", "member.user_id")
    .select([...USER_COLUMNS, "member.role", "member.joined_at", "member.read_seq"])
    .where("member.conv_id", "=", input.conversationId)
    .orderBy("user.name_key")
    .orderBy("user.id")
    .limit(input.limit)
  const first = input.first.length === 0 ? [] : await rows.where("user.id", "in", padded(input.first)).execute()
  const rest = first.length < input.limit ? await rows.execute() : []
  const seen = new Set(first.map(({ id }) => id))
  const all = [...first, ...rest.filter(({ id }) => !seen.has(id))].slice(0, input.limit)
  return { members: all.map(toMember), total: conversation.member_count }
}

interface MemberColumns {
  id: string
  name: string
  avatar: string | null
  guest: number
  role: Role
  joined_at: number
  read_seq: number
}

const toMember = (row: MemberColumns): StoredMember => ({
  user: toUser(row),
  role: row.role,
  joinedAtMs: row.joined_at,
  readSeq: row.read_seq,
})
