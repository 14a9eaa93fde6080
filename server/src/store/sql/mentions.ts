import type { StoredMessage } from "../contract.ts"
import { padded } from "./lists.ts"
import type { Db } from "./schema.ts"

/** People one message can call, so that a message to all of a room's namesakes stays cheap. */
const MAX_MENTIONED = 20

/**
 * Keeps whom a message names: for each "@", the members whose name is the longest of the candidates.
 * Names may contain spaces or none at all (张三你好), so only the stored names say where one ends.
 */
export async function storeMentions(
  db: Db,
  message: StoredMessage,
  mentions: readonly (readonly string[])[],
): Promise<void> {
  const named = new Set<string>()
  for (const candidates of mentions)
    for (const id of await membersNamed(db, message.conversationId, candidates)) named.add(id)
  named.delete(message.senderId)
  const rows = [...named]
    .slice(0, MAX_MENTIONED)
    .map((user_id) => ({ conv_id: message.conversationId, user_id, seq: message.seq }))
  if (rows.length > 0) await db.insertInto("mention").values(rows).execute()
}

async function membersNamed(db: Db, conversationId: string, candidates: readonly string[]): Promise<string[]> {
  if (candidates.length === 0) return []
  const rows = await db
    .selectFrom("user")
    .innerJoin("member", (join) =>
      join.onRef("member.user_id", "=", "user.id").on("member.conv_id", "=", conversationId),
    )
    .select(["user.id", "user.name_key"])
    .where("user.name_key", "in", padded(candidates))
    .limit(200)
    .execute()
  const longest = Math.max(0, ...rows.map(({ name_key }) => name_key.length))
  return rows.filter(({ name_key }) => name_key.length === longest).map(({ id }) => id)
}
