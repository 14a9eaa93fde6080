import type { StoredConversation, StoredMessage, StoredUser } from "../contract.ts"
import type { ConversationRow, MessageRow, UserRow } from "./schema.ts"

type Selected<T> = { [K in keyof T]: T[K] extends { readonly __select__: infer S } ? S : T[K] }

export type ConversationRecord = Selected<ConversationRow>

/** Columns of a conversation, qualified, so that they may stand in a join. */
export const CONVERSATION_COLUMNS = [
  "conversation.id",
  "conversation.kind",
  "conversation.slug",
  "conversation.name",
  "conversation.topic",
  "conversation.direct_key",
  "conversation.created_by",
  "conversation.history",
  "conversation.seq_head",
  "conversation.chg_head",
  "conversation.chg_floor",
  "conversation.member_count",
  "conversation.created_at",
] as const

export type ConversationColumns = Omit<ConversationRecord, "name_key" | "active_at">

export function toConversation(row: ConversationColumns): StoredConversation {
  return {
    id: row.id,
    kind: row.kind,
    ...(row.slug === null ? {} : { slug: row.slug }),
    ...(row.name === null ? {} : { name: row.name }),
    ...(row.topic === null ? {} : { topic: row.topic }),
    seqHead: row.seq_head,
    chgHead: row.chg_head,
    memberCount: row.member_count,
    createdAtMs: row.created_at,
  }
}

export function toMessage(row: MessageRow): StoredMessage {
  return {
    conversationId: row.conv_id,
    seq: row.seq,
    clientId: row.client_id,
    senderId: row.sender_id,
    kind: row.kind,
    body: row.body,
    ...(row.card === null ? {} : { card: row.card }),
    ...(row.reply_to_seq === null ? {} : { replyToSeq: row.reply_to_seq }),
    createdAtMs: row.created_at,
    ...(row.edited_at === null ? {} : { editedAtMs: row.edited_at }),
    state: row.state,
  }
}

export const USER_COLUMNS = ["user.id", "user.name", "user.avatar", "user.guest"] as const

export function toUser(row: Pick<UserRow, "id" | "name" | "avatar" | "guest">): StoredUser {
  return {
    id: row.id,
    name: row.name,
    ...(row.avatar === null ? {} : { avatar: row.avatar }),
    guest: row.guest === 1,
  }
}
