import { SkeinError } from "../../core/errors.ts"
import { CONVERSATION_COLUMNS, type ConversationColumns } from "./rows.ts"
import type { Db, MemberRow } from "./schema.ts"

/** A conversation together with how one person stands to it. */
export interface Access {
  readonly conversation: ConversationColumns
  /** Undefined: a visitor of a public room. */
  readonly member: Pick<MemberRow, "role" | "joined_seq" | "read_seq"> | undefined
}

/** The refusal for whoever is no member, whether the conversation exists or not. */
export const notAMember = (): SkeinError =>
  new SkeinError("not_a_member", "you are not in this conversation: join it first, if it is a room")

/** Who wants to get at which conversation. */
interface Wish {
  readonly conversationId: string
  readonly userId: string
  /** No membership is needed if the conversation is a public room. */
  readonly visitor?: boolean
}

/**
 * What somebody may see of a conversation. Whoever may not see it is not told whether it exists.
 * @throws SkeinError `not_a_member`
 */
export async function ensureAccess(db: Db, { conversationId, userId, visitor }: Wish): Promise<Access> {
  const row = await db
    .selectFrom("conversation")
    .leftJoin("member", (join) =>
      join.onRef("member.conv_id", "=", "conversation.id").on("member.user_id", "=", userId),
    )
    .select([...CONVERSATION_COLUMNS, "member.role", "member.joined_seq", "member.read_seq"])
    .where("conversation.id", "=", conversationId)
    .executeTakeFirst()
  if (!row) throw notAMember()
  const { role, joined_seq, read_seq, ...conversation } = row
  if (role !== null && joined_seq !== null && read_seq !== null)
    return { conversation, member: { role, joined_seq, read_seq } }
  if (visitor !== true || conversation.kind !== "room" || conversation.history !== "all") throw notAMember()
  return { conversation, member: undefined }
}

/** The lowest seq this person may read. */
export function firstVisibleSeq({ conversation, member }: Access): number {
  return conversation.history === "joined" && member ? member.joined_seq + 1 : 1
}
