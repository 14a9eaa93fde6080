/**
 * The protocol's messages as one table, for both wire formats: Protobuf takes field numbers from it, JSON the rest.
 * Field numbers: centrifugal/protocol v0.21 `client.proto`. Left out are the fields of features we decline
 * (map subscriptions, shared poll, compaction, dictionaries): a reader skips what it does not know.
 */
export type ScalarType = "string" | "bytes" | "bool" | "uint32" | "uint64" | "int32" | "int64"

export interface Field {
  readonly number: number
  readonly type: ScalarType | MessageName
  readonly shape: "one" | "list" | "map"
  /** Written in JSON even when zero or empty: several SDKs read these without asking. */
  readonly always: boolean
}

type Fields = Readonly<Record<string, Field>>

const one = (number: number, type: string): Field => field(number, type, "one")
const list = (number: number, type: string): Field => field(number, type, "list")
const map = (number: number, type: string): Field => field(number, type, "map")
const always = (made: Field): Field => ({ ...made, always: true })

function field(number: number, type: string, shape: Field["shape"]): Field {
  return { number, type: type as Field["type"], shape, always: false }
}

/** Every message, with its fields by their names on the wire. */
export const MESSAGES = {
  // client → server
  Command: {
    id: one(1, "uint32"),
    connect: one(4, "ConnectRequest"),
    subscribe: one(5, "SubscribeRequest"),
    unsubscribe: one(6, "ChannelRequest"),
    publish: one(7, "PublishRequest"),
    presence: one(8, "ChannelRequest"),
    presence_stats: one(9, "ChannelRequest"),
    history: one(10, "HistoryRequest"),
    ping: one(11, "Empty"),
    send: one(12, "SendRequest"),
    rpc: one(13, "RpcRequest"),
    refresh: one(14, "RefreshRequest"),
    sub_refresh: one(15, "SubRefreshRequest"),
  },
  ConnectRequest: {
    token: one(1, "string"),
    data: one(2, "bytes"),
    subs: map(3, "SubscribeRequest"),
    name: one(4, "string"),
    version: one(5, "string"),
    headers: map(6, "string"),
    flag: one(7, "int64"),
  },
  SubscribeRequest: {
    channel: one(1, "string"),
    token: one(2, "string"),
    recover: one(3, "bool"),
    epoch: one(6, "string"),
    offset: one(7, "uint64"),
    data: one(8, "bytes"),
    positioned: one(9, "bool"),
    recoverable: one(10, "bool"),
    join_leave: one(11, "bool"),
    delta: one(12, "string"),
    tf: one(13, "Empty"),
    flag: one(14, "int64"),
    type: one(15, "int32"),
  },
  ChannelRequest: { channel: one(1, "string") },
  PublishRequest: { channel: one(1, "string"), data: one(2, "bytes"), type: one(3, "int32") },
  StreamPosition: { offset: one(1, "uint64"), epoch: one(2, "string") },
  HistoryRequest: {
    channel: one(1, "string"),
    limit: one(7, "int32"),
    since: one(8, "StreamPosition"),
    reverse: one(9, "bool"),
  },
  SendRequest: { data: one(1, "bytes") },
  RpcRequest: { data: one(1, "bytes"), method: one(2, "string") },
  RefreshRequest: { token: one(1, "string") },
  SubRefreshRequest: { channel: one(1, "string"), token: one(2, "string"), type: one(3, "int32") },
  EmulationRequest: { node: one(1, "string"), session: one(2, "string"), data: one(3, "bytes") },

  // server → client
  Reply: {
    id: one(1, "uint32"),
    error: one(2, "Error"),
    push: one(4, "Push"),
    connect: one(5, "ConnectResult"),
    subscribe: one(6, "SubscribeResult"),
    unsubscribe: one(7, "Empty"),
    publish: one(8, "Empty"),
    presence: one(9, "PresenceResult"),
    presence_stats: one(10, "PresenceStatsResult"),
    history: one(11, "HistoryResult"),
    rpc: one(13, "RpcResult"),
    refresh: one(14, "RefreshResult"),
    sub_refresh: one(15, "SubRefreshResult"),
  },
  Empty: {},
  Error: { code: one(1, "uint32"), message: one(2, "string"), temporary: one(3, "bool") },
  ConnectResult: {
    client: one(1, "string"),
    version: one(2, "string"),
    expires: one(3, "bool"),
    ttl: one(4, "uint32"),
    data: one(5, "bytes"),
    subs: map(6, "SubscribeResult"),
    ping: one(7, "uint32"),
    pong: one(8, "bool"),
    session: one(9, "string"),
    node: one(10, "string"),
  },
  SubscribeResult: {
    expires: one(1, "bool"),
    ttl: one(2, "uint32"),
    recoverable: one(3, "bool"),
    positioned: one(10, "bool"),
    epoch: one(6, "string"),
    offset: one(9, "uint64"),
    publications: list(7, "Publication"),
    was_recovering: one(12, "bool"),
    recovered: one(8, "bool"),
    data: one(11, "bytes"),
  },
  PresenceResult: { presence: always(map(1, "ClientInfo")) },
  PresenceStatsResult: { num_clients: always(one(1, "uint32")), num_users: always(one(2, "uint32")) },
  HistoryResult: {
    publications: always(list(1, "Publication")),
    epoch: always(one(2, "string")),
    offset: always(one(3, "uint64")),
  },
  RpcResult: { data: one(1, "bytes") },
  RefreshResult: {
    client: one(1, "string"),
    version: one(2, "string"),
    expires: one(3, "bool"),
    ttl: one(4, "uint32"),
  },
  SubRefreshResult: { expires: one(1, "bool"), ttl: one(2, "uint32") },
  Push: {
    channel: one(2, "string"),
    pub: one(4, "Publication"),
    join: one(5, "Membership"),
    leave: one(6, "Membership"),
    unsubscribe: one(7, "Unsubscribe"),
    message: one(8, "Message"),
    subscribe: one(9, "Subscribe"),
    connect: one(10, "Connect"),
    disconnect: one(11, "Disconnect"),
    refresh: one(12, "Refresh"),
  },
  Publication: {
    data: one(4, "bytes"),
    info: one(5, "ClientInfo"),
    offset: one(6, "uint64"),
    tags: map(7, "string"),
  },
  ClientInfo: {
    user: always(one(1, "string")),
    client: always(one(2, "string")),
    conn_info: one(3, "bytes"),
    chan_info: one(4, "bytes"),
  },
  Membership: { info: one(1, "ClientInfo") },
  Unsubscribe: { code: always(one(2, "uint32")), reason: always(one(3, "string")) },
  Message: { data: one(1, "bytes") },
  Subscribe: {
    recoverable: one(1, "bool"),
    positioned: one(6, "bool"),
    epoch: one(4, "string"),
    offset: one(5, "uint64"),
    data: one(7, "bytes"),
  },
  Connect: {
    client: one(1, "string"),
    version: one(2, "string"),
    data: one(3, "bytes"),
    subs: map(4, "SubscribeResult"),
    expires: one(5, "bool"),
    ttl: one(6, "uint32"),
    ping: one(7, "uint32"),
    pong: one(8, "bool"),
    session: one(9, "string"),
    node: one(10, "string"),
  },
  Disconnect: { code: always(one(1, "uint32")), reason: always(one(2, "string")) },
  Refresh: { expires: one(1, "bool"), ttl: one(2, "uint32") },
} as const satisfies Record<string, Fields>

export type MessageName = keyof typeof MESSAGES

export const fieldsOf = (name: MessageName): Fields => MESSAGES[name]
