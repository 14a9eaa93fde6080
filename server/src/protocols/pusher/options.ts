import type { Channels } from "../../core/channels.ts"
import type { Clock } from "../../core/clock.ts"
import type { Fanout } from "../../core/fanout.ts"
import type { Logger } from "../../core/logger.ts"
import type { ChannelRule } from "../../core/rules.ts"
import type { HandshakeIdentity } from "../../core/tokens.ts"
import type { Apps } from "./apps.ts"
import type { PusherEncoders } from "./encoders.ts"

/** The public name of an app and the secret that belongs to it. */
export interface AppKey {
  readonly key: string
  readonly secret: string
}

/** Bounds of one app. */
export interface AppLimits {
  /** Connections of this app on this node, 0 for any number. Past it: close code 4004. */
  readonly maxConnections: number
  /** Bytes of one event's `data`. Past it: 413. */
  readonly maxEventBytes: number
  readonly maxChannelsPerEvent: number
  readonly maxEventsPerBatch: number
  /** Characters, prefix included. */
  readonly maxChannelLength: number
  readonly maxEventNameLength: number
  /** Users of one presence channel. */
  readonly maxPresenceMembers: number
  /** Bytes of one member's `user_info`. */
  readonly maxPresenceMemberBytes: number
  /** Characters of a `user_id`. */
  readonly maxUserIdLength: number
  /** Client events of one connection. Past it: error 4301, the event is dropped. */
  readonly clientEventsPerSecond: number
  /** Users one connection may watch. Past it: error 4302, the first ones are watched. */
  readonly maxWatchlist: number
}

/** Bounds of an app that configures none. */
export const DEFAULT_APP_LIMITS: AppLimits = {
  maxConnections: 0,
  maxEventBytes: 102_400,
  maxChannelsPerEvent: 100,
  maxEventsPerBatch: 10,
  maxChannelLength: 200,
  maxEventNameLength: 200,
  maxPresenceMembers: 100,
  maxPresenceMemberBytes: 1_024,
  maxUserIdLength: 128,
  clientEventsPerSecond: 10,
  maxWatchlist: 100,
}

/** One tenant: its keys open its channels and nobody else's. */
export interface AppOptions {
  /** Letters, digits, `_` and `-`, at most 40. Part of the paths of the HTTP API. */
  readonly id: string
  /** All are accepted, so that one can be changed at a time; the first signs webhooks. */
  readonly keys: readonly AppKey[]
  readonly enabled: boolean
  /** Its channels are those of the same name in the other protocols. At most one app may share. */
  readonly sharesChannels: boolean
  /** `pusher`: only the characters Pusher allows. `any`: also `:` and `/`, for sharing channels that have them. */
  readonly channelNames: "pusher" | "any"
  /** Which pages may connect, by their headers. Clients that are no browsers send no Origin. */
  readonly allowsOrigin: (headers: Headers) => boolean
  readonly clientEvents: boolean
  readonly subscriptionCount: boolean
  readonly watchlist: boolean
  /** Close with 4009 what has neither signed in nor a signed subscription by then. 0: no need to. */
  readonly authorizeWithinMs: number
  /** What `terminate_connections` does to clients: 4009 makes them stop, 4200 makes them sign in again. */
  readonly terminateCode: 4009 | 4200
  /** Unmodified clients with a page id get what they missed when they are back within this. 0: off. */
  readonly replayWindowMs: number
  readonly limits: AppLimits
}

/** Bounds and settings that all apps share. */
export interface PusherConfig {
  /** In front of `/app/…` and `/apps/…`, "" or like "/realtime". Never part of what is signed. */
  readonly pathPrefix: string
  /** Told to clients: silent that long, they ping. Seconds. */
  readonly activityTimeoutSeconds: number
  /** How often each client is asked for a sign of life: proxies cut connections on which the server says nothing … */
  readonly pingIntervalMs: number
  /** … and closed with 4201 when it has given none for this long. */
  readonly pongTimeoutMs: number
  /** What a publication of another protocol, which has no event name, is called here. */
  readonly defaultEvent: string
  /** How far the clock of a signed HTTP request may be off. */
  readonly clockToleranceMs: number
  /** One frame of a client. */
  readonly maxFrameBytes: number
  /** One body of an HTTP request. */
  readonly maxBodyBytes: number
  /** Frames of one connection per second in the long run, and at once. Past it: close code 4100. */
  readonly messagesPerSecond: number
  readonly messageBurst: number
  /** The same for subscriptions. Past it: refused with 429. */
  readonly subscribesPerSecond: number
  readonly subscribeBurst: number
}

/** Hears of what an app's back end may want to be told (webhooks). Methods MUST NOT throw or wait. */
export interface BackEndEvents {
  clientEvent(event: ClientEvent): void
  cacheMiss(appId: string, channel: string): void
}

/** A client event as webhooks tell it. */
export interface ClientEvent {
  readonly appId: string
  readonly channel: string
  readonly event: string
  /** As other clients receive it. */
  readonly data: string
  readonly socketId: string
  /** In presence channels. */
  readonly userId?: string
}

/** How an app knows its users by the login sessions of a site. */
export interface AppSessions {
  /** Whose cookies a request brings. @throws SkeinError (temporary) when the site cannot be asked */
  readonly identity: HandshakeIdentity
  /** Names of private and presence channels that belong to one user, `{user}` in the place of the id. */
  readonly ownChannels: readonly string[]
  /** Pages that may use the browser's cookies here. Requests without an Origin come from no page. */
  readonly allowsOrigin: (headers: Headers) => boolean
}

/** What the protocol works with. */
export interface PusherParts {
  readonly apps: Apps
  readonly encoders: PusherEncoders
  readonly channels: Channels
  readonly fanout: Fanout
  readonly clock: Clock
  readonly log: Logger
  readonly config: PusherConfig
  /** Rules that this protocol brought itself (`pusherRules`): in channels of those the app key is permission enough. */
  readonly ownRules: ReadonlySet<ChannelRule>
  /** By app id. An app that is not in it knows its users by signatures of its back end only. */
  readonly sessions: ReadonlyMap<string, AppSessions>
  /** Absent: nobody listens. */
  readonly backEnd?: BackEndEvents
  /** Uniform in [0, 2^48). */
  readonly randomNumber: () => number
}
