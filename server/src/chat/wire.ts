import type {
  StoredChange,
  StoredConversation,
  StoredMembership,
  StoredMessage,
  StoredUser,
} from "../store/contract.ts"
import { conversationChannel } from "./channel-names.ts"
import type { Card, Change, Conversation, Membership, Message, User } from "./contract.ts"

/** Stored things in the words of the contract. */
export function toUser({ id, name, avatar, guest }: StoredUser): User {
  return { id, name, ...(avatar === undefined ? {} : { avatar }), ...(guest ? { guest } : {}) }
}

export const toUsers = (users: readonly StoredUser[]): Record<string, User> =>
  Object.fromEntries(users.map((user) => [user.id, toUser(user)]))

export function toMessage(message: StoredMessage): Message {
  return {
    conversation_id: message.conversationId,
    seq: message.seq,
    // A conversation and a place in it: unique by construction, and never needs looking up.
    id: `${message.conversationId}.${message.seq}`,
    client_id: message.clientId,
    sender_id: message.senderId,
    kind: message.kind,
    body: message.body,
    ...(message.card === undefined ? {} : { card: JSON.parse(message.card) as Card }),
    ...(message.replyToSeq === undefined ? {} : { reply_to_seq: message.replyToSeq }),
    created_at: message.createdAtMs,
    ...(message.editedAtMs === undefined ? {} : { edited_at: message.editedAtMs }),
    state: message.state,
  }
}

export function toChange(change: StoredChange): Change {
  return {
    conversation_id: change.conversationId,
    chg: change.chg,
    seq: change.seq,
    op: change.op,
    message: toMessage(change.message),
    at: change.atMs,
  }
}

export function toConversation(conversation: StoredConversation): Conversation {
  return {
    id: conversation.id,
    kind: conversation.kind,
    ...(conversation.slug === undefined ? {} : { slug: conversation.slug }),
    name: conversation.name ?? "",
    ...(conversation.topic === undefined ? {} : { topic: conversation.topic }),
    seq_head: conversation.seqHead,
    chg_head: conversation.chgHead,
    member_count: conversation.memberCount,
    created_at: conversation.createdAtMs,
    channel: conversationChannel(conversation.id),
  }
}

export function toMembership(membership: StoredMembership): Membership {
  const { peer, lastMessage } = membership
  return {
    ...toConversation(membership),
    ...(peer === undefined ? {} : { name: peer.name, peer: toUser(peer) }),
    role: membership.role,
    joined_seq: membership.joinedSeq,
    read_seq: membership.readSeq,
    unread: membership.unread,
    mentions: membership.mentions,
    ...(lastMessage === undefined ? {} : { last_message: toMessage(lastMessage) }),
  }
}
