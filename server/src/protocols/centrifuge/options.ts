import type { Channels } from "../../core/channels.ts"
import type { Clock } from "../../core/clock.ts"
import type { Connection, ServerSubscription } from "../../core/connection.ts"
import type { Logger } from "../../core/logger.ts"
import type { JsonText } from "../../core/publication.ts"
import type { HandshakeIdentity, Tokens } from "../../core/tokens.ts"
import type { CentrifugeEncoders } from "./encoders.ts"

/** Bounds and switches of the protocol. */
export interface CentrifugeConfig {
  /** Each connection is pinged this often. Told to clients in seconds. */
  readonly pingIntervalMs: number
  /** A ping not answered within this ends the connection (3012). */
  readonly pongTimeoutMs: number
  /** A socket that has not connected within this is closed (3502). */
  readonly connectTimeoutMs: number
  /** How long past its end a token may be before its connection (3005) or subscription (2501, 3006) ends. */
  readonly expiryGraceMs: number
  /** One command frame. Clients treat the close for a larger one as final. */
  readonly maxFrameBytes: number
  /** Commands of one connection being worked on at once; the next ones wait. */
  readonly maxCommandsInFlight: number
  /** Frames of one connection that wait: beyond, the connection is closed (3013). */
  readonly maxBacklogBytes: number
  /** Commands of one connection per second in the long run, 0 for any number. Refused with error 111, then 3013. */
  readonly commandsPerSecond: number
  readonly commandBurst: number
  /** The same for subscribe commands, counted apart. */
  readonly subscribesPerSecond: number
  readonly subscribeBurst: number
  /** Whether clients without any identity may connect, as user "". */
  readonly allowAnonymous: boolean
  /** One request to the server API or `/emulation`. */
  readonly maxBodyBytes: number
  /** Serves `/connection/http_stream` and its unidirectional sister. */
  readonly httpStream: boolean
  /** Serves `/connection/sse` and its unidirectional sister. */
  readonly sse: boolean
}

/** Answers an RPC of a client. @throws SkeinError `method_not_found` for an unknown method */
export type RpcHandler = (connection: Connection, method: string, data: JsonText) => Promise<JsonText | undefined>

/** This node as clients and the `info` method see it. */
export interface NodeInfo {
  /** Unique over all nodes; part of emulation sessions. */
  readonly id: string
  readonly name: string
  readonly version: string
  readonly startedAtMs: number
}

/** What the protocol works with. */
export interface CentrifugeParts {
  readonly channels: Channels
  readonly encoders: CentrifugeEncoders
  readonly tokens: Tokens
  readonly identify: HandshakeIdentity
  readonly clock: Clock
  readonly log: Logger
  readonly node: NodeInfo
  readonly config: CentrifugeConfig
  /** Runs once at the end of the current event-loop turn (`setImmediate`). */
  readonly defer: (run: () => void) => void
  /** Compares with every API key in constant time. */
  readonly apiKeyMatches: (candidate: string) => boolean
  /** Absent: no RPC is offered (error 108). */
  readonly rpc?: RpcHandler
  /** The `rpc` method of the server API. Absent: every method is unknown (error 104). */
  readonly apiRpc?: (method: string, params: JsonText) => Promise<JsonText | undefined>
  /** Told whom the back end disconnected: what is remembered of a login or a user may not be true any more. */
  readonly loggedOut?: (about: { readonly userId?: string; readonly sessionId?: string }) => void
  /** Subscriptions that applications add to a new connection, beside those of its token. */
  readonly serverSubscriptions?: (connection: Connection) => readonly ServerSubscription[]
}
