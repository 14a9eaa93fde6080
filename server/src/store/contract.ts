/**
 * What the chat must keep, as atomic operations.
 *
 * The promises every implementation gives (checked by store/contract-suite.ts):
 * - **Atomic.** An operation happens whole or not at all; a refused operation has changed nothing, not even a counter.
 *   Permissions that depend on stored facts (membership, authorship) are decided inside the operation.
 * - **Durable.** When an operation that changes something resolves, the change survives `kill -9`.
 * - **Numbered.** `seq` (messages) and `chg` (changes) of a conversation grow by one, without holes, in the order of
 *   their transactions, whatever runs concurrently.
 * - **Repeatable.** Every operation may be sent twice with the same input: the second time finds the work done and
 *   answers with it. (A store that has to repeat a call by itself answers as the first attempt would have.)
 * - **Plain.** Inputs and answers are JSON-able objects, so that a store may live in another process.
 *
 * Operations throw SkeinError: `storage_full` and `storage_unavailable` (both temporary) are possible everywhere,
 * other codes are named with the operation. Times are Unix milliseconds, handed in by the caller and for display only.
 */

/** A person: a user of the site, a guest, or the site itself. */
export interface StoredUser {
  readonly id: string
  readonly name: string
  readonly avatar?: string
  readonly guest: boolean
}

/** A user as it comes in. `nameKey` is the name made comparable (chat/names.ts); stores compare it, never compute it. */
export interface UserDraft extends StoredUser {
  readonly nameKey: string
}

export type MessageKind = "text" | "system"
export type Role = "owner" | "admin" | "member"

/** A message as it is now: edited and deleted ones in their place. */
export interface StoredMessage {
  readonly conversationId: string
  readonly seq: number
  readonly clientId: string
  readonly senderId: string
  readonly kind: MessageKind
  /** Empty when deleted. */
  readonly body: string
  /** JSON of a notice card, as it came in. Gone when deleted. */
  readonly card?: string
  readonly replyToSeq?: number
  readonly createdAtMs: number
  readonly editedAtMs?: number
  readonly state: "live" | "deleted"
}

/** One edit or deletion of a message. */
export interface StoredChange {
  readonly conversationId: string
  readonly chg: number
  readonly seq: number
  readonly op: "edit" | "delete"
  readonly atMs: number
  /** The message as it is now (a later change may already be in it). */
  readonly message: StoredMessage
}

/** Where a conversation's two counters stood when the operation was done. */
export interface Heads {
  readonly seqHead: number
  readonly chgHead: number
}

/** A room or a direct conversation, as anybody sees it. */
export interface StoredConversation extends Heads {
  readonly id: string
  readonly kind: "room" | "direct"
  readonly slug?: string
  /** Rooms only; a direct conversation is named by its peer. */
  readonly name?: string
  readonly topic?: string
  readonly memberCount: number
  readonly createdAtMs: number
}

/** A conversation as one of its members sees it. */
export interface StoredMembership extends StoredConversation {
  readonly role: Role
  readonly joinedSeq: number
  readonly readSeq: number
  /** Rows above `readSeq` that are text, live and by others; at most `UNREAD_CAP`. Counted, never stored. */
  readonly unread: number
  /** Unread messages that name this member, at most `UNREAD_CAP`. Counted, never stored. */
  readonly mentions: number
  readonly lastMessage?: StoredMessage
  /** Direct conversations: the other person. */
  readonly peer?: StoredUser
}

/** One member of a conversation, as the other members see it. */
export interface StoredMember {
  readonly user: StoredUser
  readonly role: Role
  readonly joinedAtMs: number
  readonly readSeq: number
}

/** Counting unread messages stops here. */
export const UNREAD_CAP = 100
/** Changes of one conversation in one catch-up; more than that is a reset. */
export const MAX_CATCH_UP_CHANGES = 200
/**
 * About what the messages of one answer may take as JSON, whatever their number: half of what a client that reads slowly
 * may have waiting (`limits.max_outbound_bytes`), so that asking for history closes nobody's connection.
 */
export const MAX_ANSWER_BYTES = 512 * 1024

/** What joining a room came to. */
export interface Joined {
  readonly membership: StoredMembership
  /** False: was a member already. */
  readonly joined: boolean
}

/** What saying something came to. */
export interface Appended extends Heads {
  readonly message: StoredMessage
  /** True: this `clientId` was stored by an earlier call; `message` is what was stored then. */
  readonly duplicate: boolean
  readonly sender: StoredUser
  /** Set with the first message of a direct conversation: the other person, who has not heard of it yet. */
  readonly introduceTo?: string
}

/** What editing or deleting a message came to. */
export interface Changed extends Heads {
  readonly change: StoredChange
  /** False: it was so already; `change` is the one that made it so. */
  readonly changed: boolean
}

/** What somebody missed in one conversation. */
export interface CatchUp extends Heads {
  readonly conversationId: string
  readonly messages: readonly StoredMessage[]
  readonly changes: readonly StoredChange[]
  /** Inclusive range of `seq` that was not sent; empty when its end is below its start. */
  readonly gap?: readonly [number, number]
  readonly readSeq: number
  readonly unread: number
  readonly mentions: number
}

/** A conversation that merging a guest into a user has changed, as it stands afterwards. */
export interface MergedConversation extends Heads {
  readonly conversationId: string
  readonly memberCount: number
  /** A direct conversation of the guest that is no more: its messages stand behind those of this one. */
  readonly movedFrom?: string
  /** Direct conversations with somebody else. */
  readonly peerId?: string
}

/** Input and answer of every operation, by name. */
export interface StoreOperations {
  /**
   * Creates or updates a person by id, and on creation makes it a member of the default rooms.
   * `uniqueSinceMs` set (guests): `name_taken` when another person has the same `nameKey`, unless that is a guest
   * last seen before then. `unauthorized` for a guest that has been merged.
   */
  saveUser: [
    input: {
      readonly user: UserDraft
      readonly defaultRooms: readonly string[]
      readonly nowMs: number
      readonly uniqueSinceMs?: number
    },
    output: { readonly user: StoredUser; readonly created: boolean; readonly joined: readonly StoredConversation[] },
  ]
  /**
   * A guest turns out to be a user of the site: everything of the guest becomes the user's, and the guest is removed.
   *
   * - Messages keep place and `clientId` (only one that the user has used himself is changed); the sender is the user.
   * - Of two memberships one is left: the higher role, the earlier joining, the further of two read cursors (one that
   *   never moved since joining does not count, when the other did).
   * - A direct conversation stays what it is, with the user in it; if the user has one with the same person already, the
   *   messages go behind those of that one. One between the guest and the user becomes one of the user with himself.
   * - `chgHead` of every conversation the guest spoke in grows by one, and clients that hold less get a reset.
   *
   * @throws `not_found` when there is no such guest or no such user; `bad_request` when the user is a guest; `conflict`
   * when the guest has been merged into another user
   */
  mergeGuest: [
    input: { readonly guestId: string; readonly userId: string; readonly nowMs: number },
    output: {
      /** False: it was done before; the rest is as it was answered then. */
      readonly merged: boolean
      readonly guest: StoredUser
      readonly user: StoredUser
      readonly conversations: readonly MergedConversation[]
    },
  ]
  /**
   * Guests of whom nobody would miss anything: not here since `seenBeforeMs`, sender of no message, in no direct
   * conversation but empty ones they opened. Looks at `limit` guests (≤ 200), in order of their ids from after `after`; `next` says where to go on.
   */
  quietGuests: [
    input: { readonly seenBeforeMs: number; readonly after?: string; readonly limit: number },
    output: { readonly ids: readonly string[]; readonly next?: string },
  ]
  /**
   * Those of them who still are quiet are nobody any more: no user, members of nothing, their names free. A room they
   * owned passes as when they leave it, empty direct conversations go with them. At most 200 ids.
   */
  forgetGuests: [
    input: { readonly ids: readonly string[]; readonly seenBeforeMs: number },
    output: { readonly forgotten: readonly string[] },
  ]
  /** Notes when a person was last here. */
  touchUser: [input: { readonly userId: string; readonly nowMs: number }, output: Record<string, never>]
  /** Unknown ids are left out. At most 200 ids. */
  users: [input: { readonly ids: readonly string[] }, output: { readonly users: readonly StoredUser[] }]
  /** People whose `nameKey` begins with `prefix`, by name. Those whose id begins with `hiddenPrefix` are left out. */
  findUsers: [
    input: {
      readonly prefix: string
      readonly exceptId: string
      readonly hiddenPrefix: string
      readonly limit: number
    },
    output: { readonly users: readonly StoredUser[] },
  ]
  /** Ends a login before its time. Forgotten after `untilMs`, when the login would have ended by itself. */
  endSession: [
    input: { readonly sessionId: string; readonly untilMs: number; readonly nowMs: number },
    output: Record<string, never>,
  ]
  isSessionEnded: [
    input: { readonly sessionId: string },
    output: { readonly ended: boolean; readonly untilMs?: number },
  ]

  /**
   * Makes a public room. With `ownerId`, that user becomes its owner and the room begins with a system message `opening`.
   * @throws `name_taken` when another room has the slug; `limit_exceeded` above `maxRooms`
   */
  createRoom: [
    input: {
      readonly id: string
      readonly slug: string
      readonly name: string
      readonly nameKey: string
      readonly topic?: string
      readonly ownerId?: string
      readonly opening?: { readonly clientId: string; readonly body: string }
      /** What members may read: everything, or only what was said since they joined. */
      readonly history: "all" | "joined"
      readonly maxRooms: number
      readonly nowMs: number
    },
    output: { readonly conversation: StoredConversation; readonly created: boolean },
  ]
  /** @throws `not_found` */
  roomBySlug: [input: { readonly slug: string }, output: { readonly conversation: StoredConversation }]
  /** Public rooms, most members first. `notOf`: only those this user is not a member of. */
  listRooms: [
    input: { readonly queryKey?: string; readonly notOf?: string; readonly limit: number },
    output: { readonly rooms: readonly StoredConversation[] },
  ]
  /** @throws `not_found` when there is no such room, or no such user */
  join: [input: { readonly conversationId: string; readonly userId: string; readonly nowMs: number }, output: Joined]
  /** The owner's leaving makes the longest-standing member owner. @throws `bad_request` for direct conversations */
  leave: [
    input: { readonly conversationId: string; readonly userId: string },
    output: { readonly left: boolean; readonly memberCount: number },
  ]
  /** The one direct conversation of two people; `id` is used when there is none. @throws `not_found`: unknown peer */
  openDirect: [
    input: { readonly id: string; readonly userId: string; readonly peerId: string; readonly nowMs: number },
    output: { readonly membership: StoredMembership; readonly created: boolean },
  ]

  /**
   * Conversations of a user, last active first. Empty direct conversations are shown to who opened them only.
   * Last messages beyond `MAX_ANSWER_BYTES` are left out.
   */
  hello: [
    input: { readonly userId: string; readonly limit: number },
    output: {
      readonly memberships: readonly StoredMembership[]
      /** Who wrote the last messages. */
      readonly users: readonly StoredUser[]
      /** There are more than `limit`. */
      readonly hasMore: boolean
    },
  ]
  /** @throws `not_a_member`, also for what does not exist: a stranger learns nothing */
  membership: [
    input: { readonly conversationId: string; readonly userId: string },
    output: { readonly membership: StoredMembership },
  ]
  /** With `visitor`, public rooms may be read without being a member. @throws `not_a_member` */
  ensureMayRead: [
    input: { readonly conversationId: string; readonly userId: string; readonly visitor?: boolean },
    output: { readonly memberCount: number },
  ]
  /** Members with ids in `first`, then the others by name, `limit` in all (≤ 200). @throws `not_a_member` */
  members: [
    input: {
      readonly conversationId: string
      readonly userId: string
      readonly first: readonly string[]
      readonly limit: number
    },
    output: { readonly members: readonly StoredMember[]; readonly total: number },
  ]
  /**
   * A page, oldest first: the newest, or those before, after or around a seq (at most one is given). It ends at `limit`
   * or at `MAX_ANSWER_BYTES`, and has one message at least if there is any.
   * @throws `not_a_member` (with `visitor` only when it is not a public room)
   */
  page: [
    input: {
      readonly conversationId: string
      readonly userId: string
      readonly visitor?: boolean
      readonly before?: number
      readonly after?: number
      readonly around?: number
      readonly limit: number
    },
    output: Heads & {
      readonly messages: readonly StoredMessage[]
      readonly users: readonly StoredUser[]
      readonly hasBefore: boolean
      readonly hasAfter: boolean
    },
  ]
  /**
   * All that happened since the heads the client holds, per conversation: everything, or the newest page and the gap.
   * Conversations the user is not in are left out. At most `maxMessages` per conversation, and in all `maxTotal` or
   * `MAX_ANSWER_BYTES`; beyond that each still gets a small newest page.
   */
  catchUp: [
    input: {
      readonly userId: string
      readonly conversations: readonly { readonly conversationId: string; readonly seq: number; readonly chg: number }[]
      readonly maxMessages: number
      readonly resetPage: number
      readonly maxTotal: number
    },
    output: { readonly conversations: readonly CatchUp[]; readonly users: readonly StoredUser[] },
  ]

  /**
   * Stores a message. The sender's own read cursor follows when it stood at the end.
   * @throws `not_a_member`; `bad_request` when `replyToSeq` is not there yet
   */
  appendMessage: [
    input: {
      readonly conversationId: string
      readonly senderId: string
      readonly clientId: string
      readonly kind: MessageKind
      readonly body: string
      /** JSON; stores keep it and do not look into it. */
      readonly card?: string
      readonly replyToSeq?: number
      /** Lower-cased beginnings of names after an "@", longest first; matched to `nameKey` of members. */
      readonly mentions: readonly (readonly string[])[]
      /** The sender need not be a member, when this is a public room. */
      readonly visitor?: boolean
      readonly nowMs: number
    },
    output: Appended,
  ]
  /** @throws `not_a_member`; `not_found`; `permission_denied` when it is another's, no text or has a card; `conflict` when deleted */
  editMessage: [
    input: {
      readonly conversationId: string
      readonly seq: number
      readonly userId: string
      readonly body: string
      readonly nowMs: number
    },
    output: Changed,
  ]
  /** By its sender, or an owner or admin of the room. @throws `not_a_member`, `not_found`, `permission_denied` */
  deleteMessage: [
    input: {
      readonly conversationId: string
      readonly seq: number
      readonly userId: string
      readonly nowMs: number
    },
    output: Changed,
  ]
  /** Moves the cursor forward, to the head at most. @throws `not_a_member` */
  markRead: [
    input: { readonly conversationId: string; readonly userId: string; readonly seq: number },
    output: Heads & {
      readonly readSeq: number
      /** As of the heads. */
      readonly unread: number
      readonly mentions: number
      readonly moved: boolean
      readonly memberCount: number
    },
  ]
  /** Forgets changes made before then (those who hold older heads get a reset), of some conversations at a time; 0: no more. */
  forgetChanges: [input: { readonly beforeMs: number }, output: { readonly forgotten: number }]
  /** Answers when the store can read. */
  probe: [input: Record<string, never>, output: Record<string, never>]
}

export type StoreOperation = keyof StoreOperations
export type StoreInput<O extends StoreOperation> = StoreOperations[O][0]
export type StoreOutput<O extends StoreOperation> = StoreOperations[O][1]

/** All operations of the store, each a function of one input. Throws as the operation says. */
export type ChatStore = {
  readonly [O in StoreOperation]: (input: StoreInput<O>) => Promise<StoreOutput<O>>
} & {
  /** Finishes what was accepted, then closes. */
  stop(): Promise<void>
}

/** Operations that change something. */
export const WRITES = [
  "saveUser",
  "touchUser",
  "mergeGuest",
  "forgetGuests",
  "endSession",
  "createRoom",
  "join",
  "leave",
  "openDirect",
  "appendMessage",
  "editMessage",
  "deleteMessage",
  "markRead",
  "forgetChanges",
] as const satisfies readonly StoreOperation[]

const READS = [
  "users",
  "findUsers",
  "quietGuests",
  "isSessionEnded",
  "roomBySlug",
  "listRooms",
  "hello",
  "membership",
  "ensureMayRead",
  "members",
  "page",
  "catchUp",
  "probe",
] as const satisfies readonly StoreOperation[]

export const STORE_OPERATIONS: readonly StoreOperation[] = [...WRITES, ...READS]
