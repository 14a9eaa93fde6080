import type { Generated, Kysely, Transaction } from "kysely"
import type { MessageKind, Role } from "../contract.ts"

/** The chat's tables. Optional things are `null`, times are Unix milliseconds, flags are 0 or 1 (every dialect has integers). */
export interface Tables {
  conversation: ConversationRow
  message: MessageRow
  change: ChangeRow
  member: MemberRow
  user: UserRow
  mention: { conv_id: string; seq: number; user_id: string }
  ended_session: { id: string; until_ms: number }
  /** Guests who have become users of the site. `outcome`: JSON of what a repeated merge answers with. */
  merged_guest: { guest_id: string; user_id: string; at: number; outcome: string }
}

export interface ConversationRow {
  id: string
  kind: "room" | "direct"
  slug: string | null
  name: string | null
  name_key: string | null
  topic: string | null
  /** Both user ids of a direct conversation, ordered: makes the pair unique. */
  direct_key: string | null
  created_by: string | null
  history: "all" | "joined"
  seq_head: Generated<number>
  chg_head: Generated<number>
  /** Changes up to here have been forgotten. */
  chg_floor: Generated<number>
  member_count: Generated<number>
  active_at: number
  created_at: number
}

export interface MessageRow {
  conv_id: string
  seq: number
  sender_id: string
  client_id: string
  kind: MessageKind
  body: string
  card: string | null
  reply_to_seq: number | null
  created_at: number
  edited_at: number | null
  state: "live" | "deleted"
}

export interface ChangeRow {
  conv_id: string
  chg: number
  seq: number
  op: "edit" | "delete"
  at: number
  /** JSON of what the message itself does not say (who reacted with what); null for edits and deletes. */
  data: string | null
}

export interface MemberRow {
  conv_id: string
  user_id: string
  role: Role
  joined_seq: number
  joined_at: number
  read_seq: number
  /** How far messages have reached a device, where that is further than `read_seq`: what is read has arrived. */
  recv_seq: Generated<number>
  /** What of the conversation the member wants to be told of. */
  notify: Generated<"all" | "mentions" | "none">
  /** Until then the member may not speak. */
  muted_until: Generated<number | null>
}

export interface UserRow {
  id: string
  name: string
  name_key: string
  avatar: string | null
  guest: number
  created_at: number
  seen_at: number
}

/** A connection or a transaction: operations take whichever they are run in. */
export type Db = Kysely<Tables> | Transaction<Tables>
