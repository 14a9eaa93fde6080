/**
 * The chat's wire contract: every call, every push, every shape, in one place.
 *
 * The same table drives the RPC methods of the Centrifuge protocol, the REST routes and the OpenAPI document,
 * so the three cannot drift apart. The web client imports the *types* of this file and nothing else of the server.
 *
 * Rules of the model (reasons in docs/decisions/0005-chat-model.md):
 * - `seq` is an integer per conversation, +1 per message, no holes; lists are sorted by it and by nothing else.
 * - `chg` is a second integer per conversation, +1 per change to an old message (edit, delete).
 * - pushes are hints with numbers on them; the database is the truth. A client applies a push only when it is
 *   the next number and otherwise asks for the range.
 * - `client_id` is unique for ever per sender: sending it twice returns the stored message with `duplicate: true`.
 * - all times are Unix milliseconds and are for display only, never for order.
 */
import { z } from "zod"

/** Upper bounds a client can rely on. Counted in Unicode code points where text is meant. */
export const CHAT_LIMITS = {
  maxTextLength: 4_000,
  maxNameLength: 40,
  maxRoomNameLength: 60,
  /** Most messages in one page of history. */
  maxPage: 100,
  /** Most messages per conversation in one catch-up; beyond it the answer is a reset with an explicit gap. */
  maxCatchUp: 200,
  /** Unread counts stop here; show "99+" for this value. */
  unreadCap: 100,
  maxCardTitleLength: 120,
  maxCardLines: 12,
  maxCardLabelLength: 40,
  maxCardValueLength: 200,
  /** A typing notice is shown for this long after the last one. */
  typingLifeMs: 5_000,
  /** A client sends at most one typing notice per conversation in this time. */
  typingIntervalMs: 3_000,
  /** Conversations above this many members carry no typing notices. */
  typingMaxMembers: 50,
  /** Where more people than this are present, clients are told how many they are, not who comes and goes. */
  presenceMaxUsers: 200,
} as const

export const userSchema = z.object({
  id: z.string(),
  name: z.string(),
  avatar: z.string().optional(),
  /** True for a visitor who chose a name and has no account. */
  guest: z.boolean().optional(),
})
export type User = z.infer<typeof userSchema>

/** An address on the web, or a path on the site. Never `javascript:` or `data:`, nothing that leaves an attribute. */
const address = z
  .string()
  .max(2_000)
  .regex(/^(https?:\/\/|\/(?!\/))[^\s"'<>\\]*$/i, "expected an http(s) address or a path beginning with one slash")

const oneLine = (maxLength: number) =>
  z
    .string()
    .min(1)
    .max(maxLength)
    .regex(/^[^\p{Cc}\p{Zl}\p{Zp}]+$/u, "expected one line without control characters")

/** A notice from the site, drawn as a card: an order, a parcel, a payment. */
export const cardSchema = z.strictObject({
  title: oneLine(CHAT_LIMITS.maxCardTitleLength),
  /** Facts, in order: "Total" – "¥128.00". */
  lines: z
    .array(
      z.strictObject({
        label: oneLine(CHAT_LIMITS.maxCardLabelLength).optional(),
        value: oneLine(CHAT_LIMITS.maxCardValueLength),
      }),
    )
    .max(CHAT_LIMITS.maxCardLines)
    .default([]),
  /** Where a click on the card goes. */
  url: address.optional(),
  image: address.optional(),
})
export type Card = z.infer<typeof cardSchema>

export const messageSchema = z.object({
  conversation_id: z.string(),
  seq: z.number().int(),
  /** Server-made, unique over all conversations. */
  id: z.string(),
  client_id: z.string(),
  sender_id: z.string(),
  /** `system` messages are facts about the room (created, renamed); `body` then holds JSON. */
  kind: z.enum(["text", "system"]),
  /** Empty when `state` is `deleted`. Plain text; never HTML. */
  body: z.string(),
  /** A notice card of the site. `body` says the same in words, for clients that draw no cards. Absent when deleted. */
  card: cardSchema.optional(),
  reply_to_seq: z.number().int().optional(),
  created_at: z.number().int(),
  edited_at: z.number().int().optional(),
  state: z.enum(["live", "deleted"]),
})
export type Message = z.infer<typeof messageSchema>

export const changeSchema = z.object({
  conversation_id: z.string(),
  chg: z.number().int(),
  seq: z.number().int(),
  op: z.enum(["edit", "delete"]),
  /** The message as it is after the change. */
  message: messageSchema,
  at: z.number().int(),
})
export type Change = z.infer<typeof changeSchema>

export const conversationSchema = z.object({
  id: z.string(),
  kind: z.enum(["room", "direct"]),
  /** Rooms: the name used in addresses and by plain clients (`room_id`). */
  slug: z.string().optional(),
  /** Rooms: the title. Direct messages: the other person's name. */
  name: z.string(),
  topic: z.string().optional(),
  seq_head: z.number().int(),
  chg_head: z.number().int(),
  member_count: z.number().int(),
  created_at: z.number().int(),
  /** Subscribe here for this conversation's pushes, presence and join/leave. */
  channel: z.string(),
})
export type Conversation = z.infer<typeof conversationSchema>

/** A conversation as one member sees it. */
export const membershipSchema = conversationSchema.extend({
  role: z.enum(["owner", "admin", "member"]),
  joined_seq: z.number().int(),
  read_seq: z.number().int(),
  /** Messages above `read_seq` that are not mine, not system and not deleted, at most `unreadCap`. */
  unread: z.number().int(),
  /** Unread messages that name me (`@name`), at most `unreadCap`. */
  mentions: z.number().int().optional(),
  /** Absent when there is none I may read, and in a long `chat.hello` for conversations that have long been silent. */
  last_message: messageSchema.optional(),
  /** Direct messages: the other person. */
  peer: userSchema.optional(),
})
export type Membership = z.infer<typeof membershipSchema>

/** Everyone a page of messages speaks of, by id. */
export const usersSchema = z.record(z.string(), userSchema)

export const memberSchema = z.object({
  user: userSchema,
  role: z.enum(["owner", "admin", "member"]),
  joined_at: z.number().int(),
  read_seq: z.number().int().optional(),
  online: z.boolean(),
})
export type Member = z.infer<typeof memberSchema>

const conversationId = z.string().min(1).max(64)
const seq = z.number().int().min(0)
const text = z
  .string()
  .min(1)
  .max(CHAT_LIMITS.maxTextLength * 2)

export const pageSchema = z.object({
  /** Oldest first. Fewer than `limit` when they are long: `has_before` and `has_after` say whether there is more. */
  messages: z.array(messageSchema),
  users: usersSchema,
  has_before: z.boolean(),
  has_after: z.boolean(),
  seq_head: z.number().int(),
  chg_head: z.number().int(),
})
export type Page = z.infer<typeof pageSchema>

export const catchUpEntrySchema = z.object({
  conversation_id: z.string(),
  seq_head: z.number().int(),
  chg_head: z.number().int(),
  messages: z.array(messageSchema),
  changes: z.array(changeSchema),
  /**
   * Present when the client was too far behind: `messages` is then the newest page, and what lies in
   * `gap` (inclusive seq range) was not sent and has to be drawn as a gap that loads on demand.
   */
  reset: z.object({ gap: z.tuple([z.number().int(), z.number().int()]) }).optional(),
  read_seq: z.number().int(),
  unread: z.number().int(),
  /** Unread messages that name me (`@name`), at most `unreadCap`. */
  mentions: z.number().int().optional(),
})
export type CatchUpEntry = z.infer<typeof catchUpEntrySchema>

export interface Operation<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> {
  http: { method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"; path: string }
  summary: string
  input: I
  output: O
}

const op = <I extends z.ZodType, O extends z.ZodType>(
  method: Operation["http"]["method"],
  path: string,
  summary: string,
  input: I,
  output: O,
): Operation<I, O> => ({ http: { method, path }, summary, input, output })

/** Every chat call. The key is the RPC method; `{name}` in a path is the input field of that name. */
export const operations = {
  "chat.hello": op(
    "GET",
    "/chat/v1/hello",
    "Who I am, my conversations with their heads and cursors, and public rooms I could join",
    z.object({}),
    z.object({
      user: userSchema,
      /** The last active first. */
      conversations: z.array(membershipSchema),
      /** Who wrote the last messages, so that the list can be drawn at once. */
      users: usersSchema,
      /** I am in more conversations, silent for longer; `chat.direct.open` and `chat.rooms.join` answer with one of them. */
      has_more: z.boolean(),
      /** Public rooms I am not in, the fullest first, at most 50; `chat.rooms.list` finds the others. */
      rooms: z.array(conversationSchema),
      may_create_rooms: z.boolean(),
      server_time: z.number().int(),
    }),
  ),
  "chat.rooms.list": op(
    "GET",
    "/chat/v1/rooms",
    "Public rooms, most members first",
    z.object({
      query: z.string().max(100).optional(),
      /** `joinable`: only rooms I am not in. */
      which: z.enum(["all", "joinable"]).default("all"),
      limit: z.coerce.number().int().min(1).max(100).default(50),
    }),
    z.object({ rooms: z.array(conversationSchema) }),
  ),
  "chat.rooms.create": op(
    "POST",
    "/chat/v1/rooms",
    "Create a public room and join it as owner",
    z.object({ name: z.string().min(1).max(CHAT_LIMITS.maxRoomNameLength), topic: z.string().max(200).optional() }),
    z.object({ conversation: membershipSchema }),
  ),
  "chat.rooms.join": op(
    "POST",
    "/chat/v1/conversations/{conversation_id}/join",
    "Join a public room; joining twice is the same as once",
    z.object({ conversation_id: conversationId }),
    z.object({ conversation: membershipSchema }),
  ),
  "chat.rooms.leave": op(
    "POST",
    "/chat/v1/conversations/{conversation_id}/leave",
    "Leave a room; its channel is cut in the same step",
    z.object({ conversation_id: conversationId }),
    z.object({}),
  ),
  "chat.direct.open": op(
    "POST",
    "/chat/v1/direct",
    "Open the direct conversation with a user, creating it when there is none",
    z.object({ user_id: z.string().min(1).max(128) }),
    z.object({ conversation: membershipSchema }),
  ),
  "chat.users": op(
    "GET",
    "/chat/v1/users",
    "People by the beginning of their name, for starting a direct conversation",
    z.object({ query: z.string().max(100).default(""), limit: z.coerce.number().int().min(1).max(50).default(20) }),
    z.object({ users: z.array(userSchema) }),
  ),
  "chat.members": op(
    "GET",
    "/chat/v1/conversations/{conversation_id}/members",
    "Members of a conversation, online first, then by name",
    z.object({ conversation_id: conversationId, limit: z.coerce.number().int().min(1).max(200).default(100) }),
    z.object({
      members: z.array(memberSchema),
      total: z.number().int(),
      /** How many people are present, also those who are no members (bare sockets without identity). */
      online: z.number().int(),
    }),
  ),
  "chat.messages": op(
    "GET",
    "/chat/v1/conversations/{conversation_id}/messages",
    "A page of history: the newest, or before, after or around a seq (give at most one); long messages make it shorter",
    z.object({
      conversation_id: conversationId,
      before: z.coerce.number().int().min(1).optional(),
      after: z.coerce.number().int().min(0).optional(),
      around: z.coerce.number().int().min(1).optional(),
      limit: z.coerce.number().int().min(1).max(CHAT_LIMITS.maxPage).default(50),
    }),
    pageSchema,
  ),
  "chat.catch_up": op(
    "POST",
    "/chat/v1/catch_up",
    "Everything missed since the heads the client holds, or an explicit gap",
    z.object({ conversations: z.array(z.object({ conversation_id: conversationId, seq, chg: seq })).max(100) }),
    z.object({ conversations: z.array(catchUpEntrySchema), users: usersSchema }),
  ),
  "chat.send": op(
    "POST",
    "/chat/v1/conversations/{conversation_id}/messages",
    "Say something; the same client_id always gives the same message",
    z.object({
      conversation_id: conversationId,
      client_id: z.string().min(8).max(64),
      text,
      reply_to_seq: z.number().int().min(1).optional(),
    }),
    z.object({ message: messageSchema, duplicate: z.boolean() }),
  ),
  "chat.edit": op(
    "PATCH",
    "/chat/v1/conversations/{conversation_id}/messages/{seq}",
    "Change the text of my message",
    z.object({ conversation_id: conversationId, seq: z.coerce.number().int().min(1), text }),
    z.object({ change: changeSchema }),
  ),
  "chat.delete": op(
    "DELETE",
    "/chat/v1/conversations/{conversation_id}/messages/{seq}",
    "Delete a message: the text goes, a tombstone keeps its seq",
    z.object({ conversation_id: conversationId, seq: z.coerce.number().int().min(1) }),
    z.object({ change: changeSchema }),
  ),
  "chat.read": op(
    "POST",
    "/chat/v1/conversations/{conversation_id}/read",
    "Move my read cursor forward; it never moves back",
    z.object({ conversation_id: conversationId, seq }),
    z.object({
      read_seq: z.number().int(),
      unread: z.number().int(),
      mentions: z.number().int(),
      /** Up to where the two counts have counted: what a client has applied beyond them comes on top. */
      seq_head: z.number().int(),
      chg_head: z.number().int(),
    }),
  ),
  "chat.typing": op(
    "POST",
    "/chat/v1/conversations/{conversation_id}/typing",
    "Tell the others that I am typing (or have stopped)",
    z.object({ conversation_id: conversationId, active: z.boolean().default(true) }),
    z.object({}),
  ),
  "chat.profile": op(
    "PATCH",
    "/chat/v1/me",
    "Change my display name (guests only: members are named by their site)",
    z.object({ name: z.string().min(1).max(CHAT_LIMITS.maxNameLength) }),
    z.object({ user: userSchema }),
  ),
} as const

export type Operations = typeof operations
export type Method = keyof Operations
export type Input<M extends Method> = z.input<Operations[M]["input"]>
export type Parsed<M extends Method> = z.output<Operations[M]["input"]>
export type Output<M extends Method> = z.output<Operations[M]["output"]>

/**
 * What a conversation's channel (`Conversation.channel`) and a person's own channel carry, as JSON.
 *
 * `chat:c:<conversation id>`: message, change, typing, member_joined, member_left, headcount, user_merged, read, user.
 * `chat:u:<user id>`: read (my other devices), conversation_added, conversation_removed, user.
 * The server subscribes each chat connection to the person's own channel by itself (server-side subscription).
 * Every push that counts messages or changes carries the conversation's two heads.
 */
export type Push =
  | { type: "message"; conversation_id: string; seq_head: number; chg_head: number; message: Message; user: User }
  | { type: "change"; conversation_id: string; seq_head: number; chg_head: number; change: Change }
  | { type: "typing"; conversation_id: string; user: User; active: boolean }
  | { type: "member_joined"; conversation_id: string; user: User; member_count: number }
  | { type: "member_left"; conversation_id: string; user: User; member_count: number }
  /**
   * Where more than `presenceMaxUsers` are present, or were until now: how many there are, at most every few seconds. It
   * stands for `member_joined`, `member_left` and the channel's joins and leaves. `member_count` is absent when it has
   * not changed.
   */
  | { type: "headcount"; conversation_id: string; online: number; member_count?: number }
  /**
   * The guest `from` has signed in and is `user` now, in everything: his messages are `user`'s, also one that arrives
   * later, and his membership is. Clients put `user` in the place of `from`. Where he spoke, `chg_head` has grown by
   * one, so that whoever missed this finds its messages out of date (a reset).
   */
  | {
      type: "user_merged"
      conversation_id: string
      seq_head: number
      chg_head: number
      from: string
      user: User
      member_count: number
    }
  /** On the conversation's channel where somebody stands; on one's own also what is left, counted up to the two heads. */
  | {
      type: "read"
      conversation_id: string
      user_id: string
      read_seq: number
      unread?: number
      mentions?: number
      seq_head?: number
      chg_head?: number
    }
  | { type: "conversation_added"; conversation: Membership }
  | { type: "conversation_removed"; conversation_id: string }
  /** Somebody goes by another name from now on: I myself, or somebody in a conversation of mine. */
  | { type: "user"; user: User }

/** What `GET /chat/session` answers and `POST /chat/session` gives back. */
export const sessionAnswerSchema = z.object({
  /** Null: nobody is signed in. */
  user: userSchema.nullable(),
  /** Connection token for `new Centrifuge(url, { getToken })`, short-lived; ask again when it expires. */
  token: z.string().optional(),
  /** When `token` expires. */
  expires_at: z.number().int().optional(),
  /** Whether this server takes guests at all. */
  guests: z.boolean(),
})
export type SessionAnswer = z.infer<typeof sessionAnswerSchema>

/** What `POST /chat/session` takes: a name makes a guest, the site's token (JWT) signs its user in. */
export const signInSchema = z.union([
  z.strictObject({ name: z.string().min(1).max(200) }),
  z.strictObject({ token: z.string().min(1).max(8_192) }),
])

/**
 * Session routes (cookie `skein_session`, HttpOnly, SameSite=Lax; Origin checked on every call that changes something):
 * - `GET /chat/session` → SessionAnswer; a guest who is signed in at the site as well goes on as that user (user_merged),
 *   and his cookie is cleared. So he does with any other request that comes with both.
 * - `POST /chat/session` `{"name": "…"}` → a guest of that name; or `{"token": "<site's JWT>"}` → the site's user
 * - `DELETE /chat/session` → signs out: cookie cleared, that session's sockets closed
 * Refusals everywhere: HTTP status with `{"error": {"code": number, "name": string, "message": string, "retry_after_ms"?: number}}`;
 * the same code and message in the error of an RPC reply.
 */
export const refusalSchema = z.object({
  error: z.object({
    /** As in the error of an RPC reply. */
    code: z.number().int(),
    /** The code in words, to be compared with. */
    name: z.string(),
    /** For people: what was expected, what came, the likeliest cause. */
    message: z.string(),
    /** Present when trying again makes sense. */
    retry_after_ms: z.number().int().optional(),
  }),
})
export type Refusal = z.infer<typeof refusalSchema>
