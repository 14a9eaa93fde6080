import { z } from "zod"
import { CLOSE, type CloseReason } from "../../../core/close-codes.ts"
import type { Connection, SubscribeRequest } from "../../../core/connection.ts"
import { SkeinError } from "../../../core/errors.ts"
import type { CentrifugeParts } from "../options.ts"
import { ensurePlainReason } from "../session/reason.ts"
import { CentrifugeSession } from "../session/session.ts"
import { toWireExpiry } from "../wire.ts"
import { type ApiParams, channelName, jsonOf, optionalFlag, optionalText, parseParams, position } from "./params.ts"

const target = { user: optionalText, client: optionalText, session: optionalText }
/** Unix seconds, 0 for never. */
const expireAt = z.int().nonnegative().optional()

const subscribeSchema = z.object({
  ...target,
  channel: channelName,
  recover_since: position,
  expire_at: expireAt,
  override: z.record(z.string(), z.unknown()).optional(),
})
const unsubscribeSchema = z.object({ ...target, channel: channelName })
const disconnectSchema = z.object({
  ...target,
  whitelist: z.array(z.string()).optional(),
  disconnect: z.object({ code: z.int().min(3000).max(4999).nullish(), reason: z.string().nullish() }).optional(),
})
const refreshSchema = z.object({ ...target, expired: optionalFlag, expire_at: expireAt })

type Target = z.output<z.ZodObject<typeof target>>

/** Connections on this node that a call is about. */
function targets({ channels: { hub } }: CentrifugeParts, { user, client, session }: Target): Connection[] {
  if (!user && !client && !session) throw new SkeinError("bad_request", "user: expected user, client or session")
  const one = client ? hub.get(client) : undefined
  const candidates = client ? (one ? [one] : []) : user ? hub.ofUser(user) : [...hub.all()]
  return candidates.filter(
    (connection) => (!user || connection.identity.userId === user) && (!session || isOfSession(connection, session)),
  )
}

/** `session`: what the connect result called so, or the login the connection was made with. */
function isOfSession({ identity, events }: Connection, session: string): boolean {
  if (identity.sessionId === session) return true
  return events instanceof CentrifugeSession && events.secret === session
}

/** Subscribes connections to a channel, with recovery from `recover_since`. */
export async function subscribe(parts: CentrifugeParts, params: ApiParams): Promise<string> {
  const values = parseParams(subscribeSchema, params)
  if (values.override && Object.keys(values.override).length > 0)
    throw new SkeinError("not_available", "override: what a channel allows is decided by its rule alone")
  parts.channels.ruleOf(values.channel)
  const info = jsonOf(params, "info")
  const data = jsonOf(params, "data")
  const since = values.recover_since
  const request: SubscribeRequest = {
    serverSide: true,
    joinLeave: true,
    token: {
      ...(info === undefined ? {} : { info }),
      ...(data === undefined ? {} : { data }),
      ...(values.expire_at ? { expiresAtMs: values.expire_at * 1000 } : {}),
    },
    ...(since ? { recover: { epoch: since.epoch ?? "", offset: since.offset ?? 0 } } : {}),
  }
  await Promise.all(targets(parts, values).map((connection) => add(parts, connection, values.channel, request)))
  return "{}"
}

async function add(parts: CentrifugeParts, connection: Connection, channel: string, request: SubscribeRequest) {
  const { events } = connection
  // Some protocols have no frame that tells a client of a subscription it did not ask for.
  if (events.subscribed === undefined) return
  try {
    await parts.channels.subscribe(connection, channel, request, (result) => events.subscribed?.(channel, result))
  } catch (error) {
    if (!(error instanceof SkeinError) || error.code !== "already_subscribed") throw error
  }
}

/** Ends the subscriptions of connections to a channel. */
export function unsubscribe(parts: CentrifugeParts, params: ApiParams): string {
  const values = parseParams(unsubscribeSchema, params)
  for (const connection of targets(parts, values)) parts.channels.revoke(connection, values.channel)
  return "{}"
}

/** Closes connections, but for those of `whitelist`. */
export function disconnect(parts: CentrifugeParts, params: ApiParams): string {
  const values = parseParams(disconnectSchema, params)
  const close = closeReason(values.disconnect)
  const spared = new Set(values.whitelist ?? [])
  for (const connection of targets(parts, values)) if (!spared.has(connection.id)) connection.outlet.close(close)
  const { user, session } = values
  parts.loggedOut?.({ ...(user ? { userId: user } : {}), ...(session ? { sessionId: session } : {}) })
  return "{}"
}

function closeReason(asked: z.output<typeof disconnectSchema>["disconnect"]): CloseReason {
  if (!asked || (!asked.code && !asked.reason)) return CLOSE.forced
  return {
    code: asked.code ?? CLOSE.forced.code,
    reason: ensurePlainReason(asked.reason ?? CLOSE.forced.reason),
  }
}

/** Prolongs connections, or closes them as expired. */
export function refresh(parts: CentrifugeParts, params: ApiParams): string {
  const values = parseParams(refreshSchema, params)
  const info = jsonOf(params, "info")
  for (const connection of targets(parts, values)) {
    if (values.expired) connection.outlet.close(CLOSE.expired)
    else prolong(parts, connection, values.expire_at, info)
  }
  return "{}"
}

function prolong(parts: CentrifugeParts, connection: Connection, expireAt: number | undefined, info?: string): void {
  const { expiresAtMs: _, ...rest } = connection.identity
  const expiry = expireAt ? { expiresAtMs: expireAt * 1000 } : {}
  connection.identity = { ...rest, ...expiry, ...(info === undefined ? {} : { info }) }
  const told = toWireExpiry(connection.identity.expiresAtMs, parts.clock.nowMs())
  if (connection.events instanceof CentrifugeSession) connection.events.push({ refresh: told })
}
