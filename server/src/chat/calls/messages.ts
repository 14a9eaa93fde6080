import type { Appended, Changed, StoredUser } from "../../store/contract.ts"
import { type Call, type Caller, type ChatParts, ensureRate, ratedBy } from "../caller.ts"
import type { Announcement } from "../lanes.ts"
import { mentionCandidates } from "../mentions.ts"
import { cleanText } from "../texts.ts"
import { toChange, toMembership, toMessage, toUser } from "../wire.ts"

export interface Saying {
  readonly conversationId: string
  readonly clientId: string
  readonly text: string
  /** JSON of a notice card, checked. */
  readonly card?: string
  readonly replyToSeq?: number
  /** The speaker need not be a member of a public room. */
  readonly visitor?: boolean
  /** Connection that is not told. */
  readonly exclude?: string
}

export const sendMessage: Call<"chat.send"> = async (parts, caller, input) => {
  const { message, duplicate } = await say(parts, caller, {
    conversationId: input.conversation_id,
    clientId: input.client_id,
    text: input.text,
    ...(input.reply_to_seq === undefined ? {} : { replyToSeq: input.reply_to_seq }),
  })
  return { message: toMessage(message), duplicate }
}

/**
 * Stores a message and tells the conversation. Resolves when both are done.
 * @throws SkeinError `not_a_member`, `text_too_long`, `bad_request`, `too_many_requests`, `storage_unavailable` …
 */
export async function say(parts: ChatParts, { identity, user }: Caller, saying: Saying): Promise<Appended> {
  ensureRate(parts, identity, ratedBy(identity), "write")
  return sayFor(parts, user, saying)
}

/** As `say`, for a speaker whose rates do not count. */
export async function sayFor(parts: ChatParts, user: Pick<StoredUser, "id">, saying: Saying): Promise<Appended> {
  const { store, lanes, clock, config } = parts
  const { conversationId, clientId, card, replyToSeq, visitor, exclude } = saying
  const body = cleanText(saying.text, config.maxTextLength)
  const append = () =>
    store.appendMessage({
      conversationId,
      senderId: user.id,
      clientId,
      kind: "text",
      body,
      ...(card === undefined ? {} : { card }),
      ...(replyToSeq === undefined ? {} : { replyToSeq }),
      mentions: mentionCandidates(body),
      ...(visitor === undefined ? {} : { visitor }),
      nowMs: clock.nowMs(),
    })
  const appended = await lanes.write(conversationId, append, (answer) => announceMessage(parts, answer, exclude))
  if (appended.introduceTo !== undefined) await introduce(parts, conversationId, appended.introduceTo)
  return appended
}

function announceMessage({ pushes }: ChatParts, appended: Appended, exclude?: string): Announcement | undefined {
  if (appended.duplicate) return undefined
  const { message, sender, seqHead, chgHead } = appended
  return {
    order: seqHead + chgHead,
    tell: () =>
      pushes.toConversation(
        message.conversationId,
        {
          type: "message",
          conversation_id: message.conversationId,
          seq_head: seqHead,
          chg_head: chgHead,
          message: toMessage(message),
          user: toUser(sender),
        },
        exclude,
      ),
  }
}

/**
 * The other one of a direct conversation learns of it with its first message. The message is stored: failing here must
 * not look as if it were not; the other one finds the conversation at the next hello.
 */
async function introduce({ store, pushes, log }: ChatParts, conversationId: string, userId: string): Promise<void> {
  try {
    const { membership } = await store.membership({ conversationId, userId })
    pushes.toUser(userId, { type: "conversation_added", conversation: toMembership(membership) })
  } catch (error) {
    log.warn({ conversationId, userId, cause: String(error) }, "chat: a new direct conversation was not announced")
  }
}

export const editMessage: Call<"chat.edit"> = async (parts, { user }, { conversation_id, seq, text }) => {
  const { store, lanes, rates, clock, config } = parts
  rates.ensure(user.id, "write")
  const body = cleanText(text, config.maxTextLength)
  const input = { conversationId: conversation_id, seq, userId: user.id, body, nowMs: clock.nowMs() }
  const changed = await lanes.write(
    conversation_id,
    () => store.editMessage(input),
    (answer) => announceChange(parts, answer),
  )
  return { change: toChange(changed.change) }
}

export const deleteMessage: Call<"chat.delete"> = async (parts, { user }, { conversation_id, seq }) => {
  const { store, lanes, rates, clock } = parts
  rates.ensure(user.id, "write")
  const input = { conversationId: conversation_id, seq, userId: user.id, nowMs: clock.nowMs() }
  const changed = await lanes.write(
    conversation_id,
    () => store.deleteMessage(input),
    (answer) => announceChange(parts, answer),
  )
  return { change: toChange(changed.change) }
}

function announceChange({ pushes }: ChatParts, { change, changed, seqHead, chgHead }: Changed) {
  if (!changed) return undefined
  return {
    order: seqHead + chgHead,
    tell: () =>
      pushes.toConversation(change.conversationId, {
        type: "change",
        conversation_id: change.conversationId,
        seq_head: seqHead,
        chg_head: chgHead,
        change: toChange(change),
      }),
  }
}
