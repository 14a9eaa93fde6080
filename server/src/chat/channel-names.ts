import { SkeinError } from "../core/errors.ts"

export const CHAT_PREFIX = "chat:"
const CONVERSATION = "chat:c:"
const USER = "chat:u:"

/** Bytes a user id may take in a channel name. */
const MAX_ENCODED_USER_ID = 200

export const conversationChannel = (conversationId: string): string => `${CONVERSATION}${conversationId}`

/** A person's own channel. Percent-encoded, as user ids may hold any character. @throws SkeinError `bad_request` */
export function userChannel(userId: string): string {
  const encoded = encodeURIComponent(userId.toWellFormed())
  if (encoded.length <= MAX_ENCODED_USER_ID) return USER + encoded
  throw new SkeinError(
    "bad_request",
    `the user id takes ${encoded.length} characters percent-encoded, at most ${MAX_ENCODED_USER_ID} work: sign tokens with a shorter sub`,
  )
}

export const conversationOf = (channel: string): string | undefined =>
  channel.startsWith(CONVERSATION) ? channel.slice(CONVERSATION.length) : undefined
