import type { Payload } from "../../../core/publication.ts"

/** The messages of schema.ts as TypeScript sees them. Absent, zero, false and empty mean the same on the wire. */

export interface WireSubscribeRequest {
  readonly channel?: string
  readonly token?: string
  readonly recover?: boolean
  readonly epoch?: string
  readonly offset?: number
  readonly join_leave?: boolean
  readonly delta?: string
  readonly flag?: number
  readonly type?: number
  /** Present when the client asked for a tags filter, whatever it says. */
  readonly tf?: unknown
}

export interface WireConnectRequest {
  readonly token?: string
  readonly subs?: Readonly<Record<string, WireSubscribeRequest>>
}

export interface WirePosition {
  readonly offset?: number
  readonly epoch?: string
}

export interface WireHistoryRequest {
  readonly channel?: string
  readonly limit?: number
  readonly since?: WirePosition
  readonly reverse?: boolean
}

/** One request of a client, from either wire format. */
export type Command = { readonly id: number } & (
  | { readonly kind: "connect"; readonly request: WireConnectRequest }
  | { readonly kind: "subscribe"; readonly request: WireSubscribeRequest }
  | { readonly kind: "unsubscribe"; readonly request: ChannelRequest }
  | { readonly kind: "presence"; readonly request: ChannelRequest }
  | { readonly kind: "presence_stats"; readonly request: ChannelRequest }
  | { readonly kind: "publish"; readonly request: PublishRequest }
  | { readonly kind: "history"; readonly request: WireHistoryRequest }
  | { readonly kind: "rpc"; readonly request: { readonly method?: string; readonly data?: Payload } }
  | { readonly kind: "refresh"; readonly request: { readonly token?: string } }
  | { readonly kind: "sub_refresh"; readonly request: SubRefreshRequest }
  | { readonly kind: "send" | "ping"; readonly request: unknown }
  | { readonly kind: "pong"; readonly request: undefined }
)

interface ChannelRequest {
  readonly channel?: string
}

interface PublishRequest {
  readonly channel?: string
  readonly data?: Payload
  readonly type?: number
}

interface SubRefreshRequest {
  readonly channel?: string
  readonly token?: string
  readonly type?: number
}

/** The command of one kind. */
export type CommandOf<Kind extends Command["kind"]> = Extract<Command, { readonly kind: Kind }>

export interface WireClientInfo {
  readonly user: string
  readonly client: string
  readonly conn_info?: Payload
  readonly chan_info?: Payload
}

export interface WirePublication {
  readonly data: Payload
  readonly info?: WireClientInfo
  readonly offset?: number
  readonly tags?: Readonly<Record<string, string>>
}

export interface WireExpiry {
  readonly expires?: boolean
  /** Seconds. */
  readonly ttl?: number
}

export interface WireSubscribeResult extends WireExpiry {
  readonly recoverable?: boolean
  readonly positioned?: boolean
  readonly epoch?: string
  readonly offset?: number
  readonly publications?: readonly WirePublication[]
  readonly was_recovering?: boolean
  readonly recovered?: boolean
  readonly data?: Payload
}

export interface WireConnectResult extends WireExpiry {
  readonly client: string
  readonly version: string
  readonly subs?: Readonly<Record<string, WireSubscribeResult>>
  /** Seconds. */
  readonly ping?: number
  readonly pong?: boolean
  readonly session?: string
  readonly node?: string
}

export interface WireError {
  readonly code: number
  readonly message: string
  readonly temporary?: boolean
}

type EmptyResult = Readonly<Record<string, never>>

export interface WireHistoryResult {
  readonly publications: readonly WirePublication[]
  readonly epoch: string
  readonly offset: number
}

/** What answers a command: exactly one member. */
export type Answer =
  | { readonly error: WireError }
  | { readonly connect: WireConnectResult }
  | { readonly subscribe: WireSubscribeResult }
  | { readonly unsubscribe: EmptyResult }
  | { readonly publish: EmptyResult }
  | { readonly presence: { readonly presence: Readonly<Record<string, WireClientInfo>> } }
  | { readonly presence_stats: { readonly num_clients: number; readonly num_users: number } }
  | { readonly history: WireHistoryResult }
  | { readonly rpc: { readonly data?: Payload } }
  | { readonly refresh: WireExpiry & { readonly client: string; readonly version: string } }
  | { readonly sub_refresh: WireExpiry }

/** What the server says unasked: the channel it belongs to (if any), and exactly one other member. */
export type Push = { readonly channel?: string } & (
  | { readonly pub: WirePublication }
  | { readonly join: { readonly info: WireClientInfo } }
  | { readonly leave: { readonly info: WireClientInfo } }
  | { readonly unsubscribe: { readonly code: number; readonly reason: string } }
  | { readonly subscribe: WireSubscribeResult }
  | { readonly message: { readonly data: Payload } }
  | { readonly connect: WireConnectResult }
  | { readonly disconnect: { readonly code: number; readonly reason: string } }
  | { readonly refresh: WireExpiry }
)
