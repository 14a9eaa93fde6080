import { SkeinError } from "../../core/errors.ts"
import type { Call } from "../caller.ts"
import { CHAT_LIMITS } from "../contract.ts"
import { toChange, toMessage, toUsers } from "../wire.ts"

/** The newest page that comes with a gap. */
const RESET_PAGE = 50
/** Messages and changes of all conversations in one catch-up together. */
const MAX_CATCH_UP_TOTAL = 1_000

export const readPage: Call<"chat.messages"> = async ({ store }, { user }, input) => {
  const { conversation_id, before, after, around, limit } = input
  const given = Object.entries({ before, after, around }).filter(([, value]) => value !== undefined)
  if (given.length > 1)
    throw new SkeinError("bad_request", `give one of before, after, around, got ${given.map(([name]) => name)}`)
  const page = await store.page({
    conversationId: conversation_id,
    userId: user.id,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
    ...(around === undefined ? {} : { around }),
    limit,
  })
  return {
    messages: page.messages.map(toMessage),
    users: toUsers(page.users),
    has_before: page.hasBefore,
    has_after: page.hasAfter,
    seq_head: page.seqHead,
    chg_head: page.chgHead,
  }
}

export const catchUp: Call<"chat.catch_up"> = async ({ store }, { user }, { conversations }) => {
  const caught = await store.catchUp({
    userId: user.id,
    conversations: conversations.map(({ conversation_id, seq, chg }) => ({
      conversationId: conversation_id,
      seq,
      chg,
    })),
    maxMessages: CHAT_LIMITS.maxCatchUp,
    resetPage: RESET_PAGE,
    maxTotal: MAX_CATCH_UP_TOTAL,
  })
  return {
    conversations: caught.conversations.map((entry) => ({
      conversation_id: entry.conversationId,
      seq_head: entry.seqHead,
      chg_head: entry.chgHead,
      messages: entry.messages.map(toMessage),
      changes: entry.changes.map(toChange),
      ...(entry.gap === undefined ? {} : { reset: { gap: [entry.gap[0], entry.gap[1]] as [number, number] } }),
      read_seq: entry.readSeq,
      unread: entry.unread,
      mentions: entry.mentions,
    })),
    users: toUsers(caught.users),
  }
}
