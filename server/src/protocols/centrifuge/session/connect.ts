import { CLOSE } from "../../../core/close-codes.ts"
import {
  ANONYMOUS,
  type Connection,
  type Identity,
  type ServerSubscription,
  type SubscribeRequest,
  type SubscribeResult,
} from "../../../core/connection.ts"
import { SkeinError } from "../../../core/errors.ts"
import type { CommandOf, WireConnectResult, WireSubscribeRequest, WireSubscribeResult } from "../codec/messages.ts"
import { toWireExpiry, toWireSubscribe } from "../wire.ts"
import { Disconnect } from "./disconnect.ts"
import { badRequest } from "./reason.ts"
import { subscribeRequested } from "./requested.ts"
import type { CentrifugeSession } from "./session.ts"
import { subscribeRequest } from "./subscribe.ts"

export async function connect(session: CentrifugeSession, { id, request }: CommandOf<"connect">): Promise<void> {
  const identity = await identify(session, request.token ?? "")
  // The socket may have gone while we asked; registering it now would be for ever.
  if (session.isClosed) return
  const connection = register(session, identity)
  const requests = serverSide(session, connection, request.subs ?? {})
  const welcome = (results: readonly SubscribeResult[]): void => {
    for (const { channel } of results) session.markServerSide(channel)
    session.welcome(id, { connect: connectResult(session, connection, results) })
  }
  if (requests.size === 0) welcome([])
  else await subscribeAll(session, connection, requests, welcome)
  if (session.isUnidirectional) await subscribeRequested(session, connection, request.subs ?? {})
}

/** Token, then what the handshake shows (cookie, API key, trusted user), then nobody if nobody may come in. */
async function identify(session: CentrifugeSession, token: string): Promise<Identity> {
  const { tokens, identify, config, log } = session.shared.parts
  const { handshake } = session.socket
  if (token === "") {
    const found = await identify.identify(handshake)
    if (found !== undefined) return found
    if (config.allowAnonymous) return ANONYMOUS
    throw new Disconnect(badRequest("neither a token nor a login was sent"))
  }
  const verdict = await tokens.connection(token)
  if (verdict.kind === "ok") return verdict.identity
  log.info({ address: handshake.address, why: verdict.why }, "connection token refused")
  if (verdict.kind === "expired") throw new SkeinError("token_expired")
  throw new Disconnect(CLOSE.invalidToken)
}

function register(session: CentrifugeSession, identity: Identity): Connection {
  const connection = session.accept(identity)
  try {
    session.shared.parts.channels.register(connection)
  } catch (error) {
    if (error instanceof SkeinError && error.code === "limit_exceeded") throw new Disconnect(CLOSE.connectionLimit)
    throw error
  }
  return connection
}

/** Every server-side subscription of the connection, with the position its client brought for it. */
function serverSide(
  session: CentrifugeSession,
  connection: Connection,
  known: Readonly<Record<string, WireSubscribeRequest>>,
): Map<string, SubscribeRequest> {
  const requests = new Map<string, SubscribeRequest>()
  const add = (subscription: ServerSubscription, join_leave: boolean) => {
    const { channel } = subscription
    const mine = Object.hasOwn(known, channel) ? (known[channel] ?? {}) : {}
    requests.set(channel, serverRequest(subscription, { ...mine, join_leave }))
  }
  for (const subscription of connection.identity.channels ?? []) add(subscription, true)
  // Clients know nothing of these, and who is there besides is their user on other devices.
  for (const subscription of session.shared.parts.serverSubscriptions?.(connection) ?? []) add(subscription, false)
  return requests
}

function serverRequest({ info, data }: ServerSubscription, wire: WireSubscribeRequest): SubscribeRequest {
  const grant = { ...(info === undefined ? {} : { info }), ...(data === undefined ? {} : { data }) }
  return { ...subscribeRequest({ ...wire, flag: 0 }, grant), serverSide: true }
}

async function subscribeAll(
  session: CentrifugeSession,
  connection: Connection,
  requests: ReadonlyMap<string, SubscribeRequest>,
  welcome: (results: readonly SubscribeResult[]) => void,
): Promise<void> {
  const { channels } = session.shared.parts
  try {
    await channels.subscribeAll(connection, requests, welcome)
  } catch (error) {
    // Refused: it must not count as one of the user's connections while it waits for its end.
    channels.unregister(connection, { isGoodbye: true })
    if (error instanceof SkeinError && error.code === "limit_exceeded") throw new Disconnect(CLOSE.channelLimit)
    throw error
  }
}

function connectResult(
  session: CentrifugeSession,
  { id, identity }: Connection,
  results: readonly SubscribeResult[],
): WireConnectResult {
  const { config, node, clock } = session.shared.parts
  const nowMs = clock.nowMs()
  const subs: Record<string, WireSubscribeResult> = Object.fromEntries(
    results.map((result) => [result.channel, toWireSubscribe(result, nowMs)]),
  )
  return {
    client: id,
    version: node.version,
    ...(identity.clientRefreshes ? toWireExpiry(identity.expiresAtMs, nowMs) : {}),
    subs,
    ping: Math.round(config.pingIntervalMs / 1000),
    pong: !session.isUnidirectional,
    ...(session.secret === undefined ? {} : { session: session.secret, node: node.id }),
  }
}
