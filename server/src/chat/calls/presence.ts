import type { Call } from "../caller.ts"
import { CHAT_LIMITS } from "../contract.ts"
import { toUser } from "../wire.ts"

export const markRead: Call<"chat.read"> = async ({ store, pushes }, { user }, { conversation_id, seq }) => {
  const marked = await store.markRead({ conversationId: conversation_id, userId: user.id, seq })
  const { readSeq, unread, mentions, seqHead, chgHead, moved, memberCount } = marked
  const counts = { unread, mentions, seq_head: seqHead, chg_head: chgHead }
  if (moved) {
    const cursor = { type: "read", conversation_id, user_id: user.id, read_seq: readSeq } as const
    pushes.toUser(user.id, { ...cursor, ...counts })
    // How many are unread is nobody else's; in big conversations even the cursor would be noise.
    if (memberCount <= CHAT_LIMITS.typingMaxMembers) pushes.toConversation(conversation_id, cursor)
  }
  return { read_seq: readSeq, ...counts }
}

export const notifyTyping: Call<"chat.typing"> = async (parts, { user }, { conversation_id, active }) => {
  const { store, typing, pushes } = parts
  const { memberCount } = await store.ensureMayRead({ conversationId: conversation_id, userId: user.id })
  if (memberCount > CHAT_LIMITS.typingMaxMembers) return {}
  if (typing.passes(user.id, conversation_id, active))
    pushes.toConversation(conversation_id, { type: "typing", conversation_id, user: toUser(user), active })
  return {}
}
