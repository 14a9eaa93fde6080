import type { Channels } from "../../core/channels.ts"
import type { Clock } from "../../core/clock.ts"
import type { Logger } from "../../core/logger.ts"
import type { Rooms } from "../../core/rooms.ts"
import type { HandshakeIdentity, Tokens } from "../../core/tokens.ts"
import type { Handshake } from "../../gateway/protocol.ts"
import type { PlainEncoders } from "./encoders.ts"
import type { Language } from "./texts.ts"

/** Bounds and switches of the protocol. */
export interface PlainConfig {
  /** `room_id` of the room everyone starts in. */
  readonly lobby: string
  /** The sender of a message receives it too. */
  readonly senderEcho: boolean
  /** `join_room` may make the room, when the chat lets this person make rooms. */
  readonly createRooms: boolean
  /** For clients whose Accept-Language names neither. */
  readonly language: Language
  /** Clients without any identity may connect even where the chat takes no anonymous guests. */
  readonly allowAnonymous: boolean
  /** One frame of a client. */
  readonly maxFrameBytes: number
  /** Frames of one client that wait to be carried out. Beyond: closed with 3013. */
  readonly maxBacklogBytes: number
  /** Frames of one client in the long run and at once. Beyond: refused with 111. */
  readonly messagesPerSecond: number
  readonly messageBurst: number
  /** `subscribe`, `history` and `join_room` of one client in the long run and at once. Beyond: refused with 111. */
  readonly subscribesPerSecond: number
  readonly subscribeBurst: number
  /** How often each client is pinged: proxies cut connections on which the server says nothing. */
  readonly pingIntervalMs: number
  /** A client that has answered a ping before is closed with 3012 when nothing was heard of it for this long … */
  readonly idleTimeoutMs: number
  /** … and it did not answer the last ping within this. */
  readonly pongTimeoutMs: number
  /** Who a client is must be known within this, else it is closed with 3502. */
  readonly connectTimeoutMs: number
}

/** What the protocol works with. */
export interface PlainParts {
  readonly channels: Channels
  /** Made before `channels`, which fan out with them. */
  readonly encoders: PlainEncoders
  /** Absent: no chat, so no rooms and no lobby; channels only. */
  readonly rooms?: Rooms
  readonly tokens: Tokens
  /** Cookie, `?token=`, trusted `?user_id=`, in this order. Throws SkeinError for a credential that is not valid. */
  readonly identify: HandshakeIdentity
  /**
   * Whether a handshake comes from the site's back end (API key; loopback in development).
   * Throws SkeinError for a key that is not one of the server's.
   */
  readonly isBackEnd: (handshake: Handshake) => boolean
  readonly clock: Clock
  readonly log: Logger
  readonly config: PlainConfig
}
