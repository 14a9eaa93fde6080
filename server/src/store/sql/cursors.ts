import type { StoreInput, StoreOutput } from "../contract.ts"
import { ensureAccess, notAMember } from "./access.ts"
import { mentionCount, unreadCount } from "./overview.ts"
import type { Db } from "./schema.ts"

export async function markRead(db: Db, input: StoreInput<"markRead">): Promise<StoreOutput<"markRead">> {
  const { conversation, member } = await ensureAccess(db, input)
  if (!member) throw notAMember()
  const target = Math.min(input.seq, conversation.seq_head)
  const { numUpdatedRows } = await db
    .updateTable("member")
    .set({ read_seq: target })
    .where("conv_id", "=", input.conversationId)
    .where("user_id", "=", input.userId)
    .where("read_seq", "<", target)
    .executeTakeFirst()
  const row = await db
    .selectFrom("member")
    .select(["read_seq", unreadCount().as("unread"), mentionCount().as("mentions")])
    .where("conv_id", "=", input.conversationId)
    .where("user_id", "=", input.userId)
    .executeTakeFirstOrThrow()
  return {
    readSeq: row.read_seq,
    unread: row.unread,
    mentions: row.mentions,
    moved: numUpdatedRows > 0n,
    memberCount: conversation.member_count,
    seqHead: conversation.seq_head,
    chgHead: conversation.chg_head,
  }
}

/** The floor rises before the changes go: nobody can be told "nothing happened" about what is no longer known. */
export async function forgetChanges(db: Db, { beforeMs }: StoreInput<"forgetChanges">) {
  const old = await db
    .selectFrom("change")
    .select(["conv_id", (eb) => eb.fn.max("chg").as("chg"), (eb) => eb.fn.countAll<number>().as("count")])
    .where("at", "<", beforeMs)
    .groupBy("conv_id")
    .limit(500)
    .execute()
  for (const { conv_id, chg } of old) {
    await db.updateTable("conversation").set({ chg_floor: chg }).where("id", "=", conv_id).execute()
    await db.deleteFrom("change").where("conv_id", "=", conv_id).where("chg", "<=", chg).execute()
  }
  return { forgotten: old.reduce((sum, { count }) => sum + Number(count), 0) }
}
