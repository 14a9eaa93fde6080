import type { CloseReason } from "./close-codes.ts"
import type { JsonText, Position, Publication } from "./publication.ts"

/** Who a connection is. Decided by auth, once, before the connection is registered. */
export interface Identity {
  /** Empty: anonymous. */
  readonly userId: string
  /** Shown to others in presence, join/leave and publications (`conn_info`). */
  readonly info?: JsonText
  /** When this identity ends, Unix milliseconds. Absent: never. */
  readonly expiresAtMs?: number
  /** The client itself must bring a new token before that (else the server decides). */
  readonly clientRefreshes?: boolean
  /** Which login this is: closing it closes exactly the connections made with it. */
  readonly sessionId?: string
  /** Channels the token subscribes this connection to by itself, beside those the applications add. */
  readonly channels?: readonly ServerSubscription[]
  /** Somebody without a name: the network that what he says is counted by, together with all the others there. */
  readonly network?: string
  /** Came with the API key: may publish anywhere the back end may. */
  readonly backEnd?: boolean
}

/** A channel that the server subscribes a connection to, without being asked by its client. */
export interface ServerSubscription {
  readonly channel: string
  /** What others see of the connection in this channel, besides `Identity.info` (`chan_info`). */
  readonly info?: JsonText
  /** Handed to the client with the subscription. */
  readonly data?: JsonText
}

/** The identity of a connection about which nothing is known. */
export const ANONYMOUS: Identity = { userId: "" }

/** One encoded frame: text for text frames, bytes for binary ones. */
export type Frame = string | Uint8Array

/**
 * How core reaches one client: the half of a socket that fan-out needs.
 *
 * Topics are native: what `Fanout.publish(topic, frame)` sends after `join(topic)` returned arrives after everything
 * sent before, in issue order.
 */
export interface Outlet {
  send(frame: Frame): void
  join(topic: string): void
  leave(topic: string): void
  /** Ends the connection. Idempotent. */
  close(reason: CloseReason): void
  /** The outlet that this one wraps. Excluding the wrapper from a publish excludes the outlet inside. */
  readonly inner?: Outlet
}

/** What a protocol's session must do when the server acts on its connection unasked. */
export interface ConnectionEvents {
  /** The server ended a subscription; core has already removed it. Tell the client. */
  unsubscribed(channel: string, reason: CloseReason): void
  /** The server added a subscription; call `activate` once the client has been told, and only then. */
  subscribed?(channel: string, result: SubscribeResult): void
}

/** One connection's hold on one channel. */
export interface Subscription {
  readonly channel: string
  /** Asked for (and granted) joins and leaves. */
  readonly joinLeave: boolean
  readonly serverSide: boolean
  readonly chanInfo?: JsonText
  /** The user of the connection in this channel, where its token names one. Absent: the user of its identity. */
  readonly userId?: string
  /** Unix milliseconds; absent: never. */
  expiresAtMs?: number
}

/** One client on one socket, from accepted identity to close. */
export interface Connection {
  /** Unique over all nodes, unguessable enough to address API calls by (not a secret). */
  readonly id: string
  identity: Identity
  /** Name of the encoder its frames are made with. */
  readonly format: string
  readonly outlet: Outlet
  readonly events: ConnectionEvents
  /** By channel. Made lazily: most idle connections have one or two. */
  readonly subscriptions: Map<string, Subscription>
}

/** How a connection wants to be subscribed to one channel. */
export interface SubscribeRequest {
  /** Where to resume. An empty epoch means any. Absent: no recovery asked. */
  readonly recover?: Position
  /** Refuse with `unrecoverable_position` instead of answering `recovered: false`. */
  readonly rejectUnrecovered?: boolean
  /** Asks for the channel's joins and leaves. Granted only where the rule has them. */
  readonly joinLeave?: boolean
  /** From a verified subscription token for exactly this channel. */
  readonly token?: {
    readonly info?: JsonText
    readonly expiresAtMs?: number
    readonly data?: JsonText
    /** The user of the connection in this channel. Pusher's presence channels name their members themselves. */
    readonly userId?: string
  }
  /** When `recover` recovers nothing, the result holds the newest kept publication instead (a cache channel). */
  readonly newest?: boolean
  /** The server subscribes the connection: the rule's `subscribe` is not asked. */
  readonly serverSide?: boolean
  /** What others see of the connection in this channel, besides `Identity.info`. The token's `info` comes before it. */
  readonly chanInfo?: JsonText
}

/** What a subscriber is told: where it stands, and what it missed. */
export interface SubscribeResult {
  readonly channel: string
  /** The rule lets clients resume from a position. */
  readonly recoverable: boolean
  /** The channel has history, so publications carry offsets. */
  readonly positioned: boolean
  /** Channels with history: when recovered, the position the client came with; otherwise the top. */
  readonly position?: Position
  /** The request asked for recovery, and the channel has it. */
  readonly wasRecovering: boolean
  /** `publications` is everything missed. */
  readonly recovered: boolean
  /** The publications missed, oldest first. Empty unless `recovered`, or the newest one where that was asked for. */
  readonly publications: readonly Publication[]
  /** When the subscription's token ends, Unix milliseconds. Absent: never. */
  readonly expiresAtMs?: number
  /** What the token says to the client. */
  readonly data?: JsonText
}
