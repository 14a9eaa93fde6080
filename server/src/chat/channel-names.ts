import { SkeinError } from "../core/errors.ts"
import type { ChannelRule } from "../core/rules.ts"

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

const base: Omit<ChannelRule, "pattern" | "presence" | "joinLeave"> = {
  // The database is the history; pushes are hints with numbers on them.
  historySize: 0,
  historyTtlMs: 0,
  durability: "memory",
  recovery: false,
  subscribe: "app",
  publish: "nobody",
  read: "subscriber",
  echo: true,
}

/** What core has to know of the chat's channels; belongs in the rule book before everything else. */
export const CHAT_CHANNEL_RULES: readonly ChannelRule[] = [
  { ...base, pattern: `${CONVERSATION}*`, presence: true, joinLeave: true },
  { ...base, pattern: `${USER}*`, presence: false, joinLeave: false },
]
