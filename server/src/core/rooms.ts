import type { Identity } from "./connection.ts"
import type { JsonText } from "./publication.ts"

/** A chat room as a plain client needs it. */
export interface EnteredRoom {
  readonly conversationId: string
  /** Name in addresses (`room_id`), normalised: what was asked for may differ in case or punctuation. */
  readonly slug: string
  /** Title for people. */
  readonly name: string
  /** Subscribe here (`channels.subscribe`) to hear what is said. Publications are to be read with `Rooms.line`. */
  readonly channel: string
}

/** One thing said in a room. */
export interface RoomLine {
  readonly conversationId: string
  /** Place in the room, from 1, no holes. */
  readonly seq: number
  readonly clientId: string
  readonly senderId: string
  readonly senderName: string
  /** Plain text, never HTML. Empty when deleted. */
  readonly text: string
  /** Unix milliseconds, for display only. */
  readonly timeMs: number
}

/** How a message is said in a room. */
export interface SayOptions {
  /** Connection that does not receive the live publication. */
  readonly exclude?: string
  /** Same id, same message, for ever (8–64 characters). Absent: made here, so a repeat is a second message. */
  readonly clientId?: string
}

/**
 * The chat's rooms for clients that speak no chat protocol (bare WebSocket): what is said here appears in the web
 * chat and the reverse. Implemented by chat; protocols only see this.
 *
 * All calls apply the same permissions and rate limits as the chat's own calls and throw `SkeinError`
 * (`permission_denied`, `not_a_member`, `too_many_requests`, `text_too_long`, `storage_unavailable` …).
 */
export interface Rooms {
  /**
   * An identity for a connection that has none (`identity.userId === ""`), e.g. user `anon_4f2a…` named "Guest 4F2A".
   * Call before registering the connection with core and use the answer as the connection's identity.
   * Nothing is stored until it speaks. A new connection is a new person, so those of one network speak at the rate of one.
   *
   * @param address - true client address
   * @throws SkeinError `unauthorized` when the configuration takes no guests on bare sockets
   */
  anonymous(connectionId: string, address: string): Identity

  /**
   * Enters a public room: signed-in people become members (twice is the same as once), anonymous ones just may
   * subscribe and speak.
   *
   * @param slug - as the client wrote it (`room_id`), 1–60 characters
   * @param create - make the room when there is none and the configuration lets this identity make rooms
   * @throws SkeinError `not_found` when there is no such room and it was not made
   */
  enter(identity: Identity, slug: string, options: { readonly create: boolean }): Promise<EnteredRoom>

  /** Resolves when the message is on disk and handed to the room's subscribers. */
  say(identity: Identity, conversationId: string, text: string, options?: SayOptions): Promise<RoomLine>

  /** Ends the membership; subscriptions of all this user's connections are cut. Closing a socket is not leaving. */
  leave(identity: Identity, conversationId: string): Promise<void>

  /** The newest lines, oldest first. @param limit - 1–100 */
  recent(identity: Identity, conversationId: string, limit: number): Promise<RoomLine[]>

  /** Reads a publication of a room's channel; undefined when it is not something said (typing, reads, changes …). */
  line(data: JsonText): RoomLine | undefined
}
