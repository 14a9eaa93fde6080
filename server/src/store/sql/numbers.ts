import type { Heads } from "../contract.ts"
import type { Db } from "./schema.ts"

/**
 * Counts one of a conversation's heads up and says where both stand. From here to the end of the transaction nobody
 * else can count: that is what makes the numbers follow the order of the transactions, without holes.
 */
export async function countUp(
  db: Db,
  conversationId: string,
  head: "seq_head" | "chg_head",
  nowMs: number,
): Promise<Heads> {
  const update = db
    .updateTable("conversation")
    .set((eb) => ({ [head]: eb(head, "+", 1), ...(head === "seq_head" ? { active_at: nowMs } : {}) }))
    .where("id", "=", conversationId)
  const row = db.getExecutor().adapter.supportsReturning
    ? await update.returning(["seq_head", "chg_head"]).executeTakeFirstOrThrow()
    : await update
        .execute()
        .then(() =>
          db
            .selectFrom("conversation")
            .select(["seq_head", "chg_head"])
            .where("id", "=", conversationId)
            .executeTakeFirstOrThrow(),
        )
  return { seqHead: row.seq_head, chgHead: row.chg_head }
}
