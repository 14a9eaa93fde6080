import { sql } from "kysely"
import { MAX_ANSWER_BYTES, type StoredMembership, type StoreInput, type StoreOutput, UNREAD_CAP } from "../contract.ts"
import { notAMember } from "./access.ts"
import { directKeyOf } from "./direct-key.ts"
import { CONVERSATION_COLUMNS, toConversation, toMessage } from "./rows.ts"
import type { Db, MessageRow } from "./schema.ts"
import { sizeOf } from "./sizes.ts"
import { usersById } from "./users.ts"

/**
 * Messages above a cursor that are text, live and by others, counted up to the cap: bounded work, and nothing stored
 * that could drift.
 */
export const unreadCount = () =>
  sql<number>`(select count(*) from (
    select 1 from message m
    where m.conv_id = member.conv_id and m.seq > member.read_seq and m.sender_id <> member.user_id
      and m.kind = 'text' and m.state = 'live'
    limit ${sql.lit(UNREAD_CAP)}) counted)`

export const mentionCount = () =>
  sql<number>`(select count(*) from (
    select 1 from mention n inner join message m on m.conv_id = n.conv_id and m.seq = n.seq
    where n.conv_id = member.conv_id and n.user_id = member.user_id and n.seq > member.read_seq and m.state = 'live'
    limit ${sql.lit(UNREAD_CAP)}) counted)`

const memberships = (db: Db, userId: string) =>
  db
    .selectFrom("member")
    .innerJoin("conversation", "conversation.id", "member.conv_id")
    .leftJoin("message as last", (join) =>
      join.onRef("last.conv_id", "=", "conversation.id").onRef("last.seq", "=", "conversation.seq_head"),
    )
    .leftJoin("member as other", (join) =>
      join
        .onRef("other.conv_id", "=", "conversation.id")
        .on("conversation.kind", "=", "direct")
        // Somebody's conversation with himself: what he said to the guest that he was.
        .on((eb) =>
          eb.or([eb("other.user_id", "<>", userId), eb("conversation.direct_key", "=", directKeyOf(userId, userId))]),
        ),
    )
    .leftJoin("user as peer", "peer.id", "other.user_id")
    .where("member.user_id", "=", userId)
    .select([
      ...CONVERSATION_COLUMNS,
      "member.role",
      "member.joined_seq",
      "member.read_seq",
      unreadCount().as("unread"),
      mentionCount().as("mentions"),
      "last.seq as last_seq",
      "last.sender_id as last_sender_id",
      "last.client_id as last_client_id",
      "last.kind as last_kind",
      "last.body as last_body",
      "last.card as last_card",
      "last.reply_to_seq as last_reply_to_seq",
      "last.created_at as last_created_at",
      "last.edited_at as last_edited_at",
      "last.state as last_state",
      "peer.id as peer_id",
      "peer.name as peer_name",
      "peer.avatar as peer_avatar",
      "peer.guest as peer_guest",
    ])

type MembershipRow = Awaited<ReturnType<ReturnType<typeof memberships>["execute"]>>[number]

function toMembership(row: MembershipRow): StoredMembership {
  const last = lastMessageOf(row)
  const readable = last !== undefined && (row.history === "all" || last.seq > row.joined_seq)
  return {
    ...toConversation(row),
    role: row.role,
    joinedSeq: row.joined_seq,
    readSeq: row.read_seq,
    unread: row.unread,
    mentions: row.mentions,
    ...(readable ? { lastMessage: toMessage(last) } : {}),
    ...(row.peer_id === null || row.peer_name === null
      ? {}
      : {
          peer: {
            id: row.peer_id,
            name: row.peer_name,
            ...(row.peer_avatar === null ? {} : { avatar: row.peer_avatar }),
            guest: row.peer_guest === 1,
          },
        }),
  }
}

function lastMessageOf(row: MembershipRow): MessageRow | undefined {
  if (row.last_seq === null) return undefined
  return {
    conv_id: row.id,
    seq: row.last_seq,
    sender_id: row.last_sender_id as string,
    client_id: row.last_client_id as string,
    kind: row.last_kind as MessageRow["kind"],
    body: row.last_body as string,
    card: row.last_card,
    reply_to_seq: row.last_reply_to_seq,
    created_at: row.last_created_at as number,
    edited_at: row.last_edited_at,
    state: row.last_state as MessageRow["state"],
  }
}

/** @throws SkeinError `not_a_member` */
export async function ensureMembership(db: Db, conversationId: string, userId: string): Promise<StoredMembership> {
  const row = await memberships(db, userId).where("member.conv_id", "=", conversationId).executeTakeFirst()
  if (!row) throw notAMember()
  return toMembership(row)
}

export async function hello(db: Db, { userId, limit }: StoreInput<"hello">): Promise<StoreOutput<"hello">> {
  const rows = await memberships(db, userId)
    .where((eb) =>
      eb.or([
        eb("conversation.kind", "=", "room"),
        eb("conversation.seq_head", ">", 0),
        eb("conversation.created_by", "=", userId),
      ]),
    )
    .orderBy("conversation.active_at", "desc")
    .orderBy("conversation.id")
    .limit(limit + 1)
    .execute()
  const shown = withBoundedLastMessages(rows.slice(0, limit).map(toMembership))
  const writers = new Set(shown.flatMap(({ lastMessage }) => (lastMessage === undefined ? [] : [lastMessage.senderId])))
  return { memberships: shown, users: await usersById(db, [...writers]), hasMore: rows.length > limit }
}

/** The last active come first and keep theirs. */
function withBoundedLastMessages(memberships: readonly StoredMembership[]): StoredMembership[] {
  let bytes = 0
  return memberships.map((membership) => {
    const { lastMessage, ...rest } = membership
    if (lastMessage === undefined) return membership
    bytes += sizeOf(lastMessage)
    return bytes <= MAX_ANSWER_BYTES ? membership : rest
  })
}
