import type { JsonText } from "../../core/publication.ts"

/**
 * What the server says, frame by frame. `data` is always a JSON string, in `pusher:error` alone an object: stock
 * clients in Swift and .NET read nothing else. `data` is never missing: the Java client would fall over.
 */
const message = (event: string, data: JsonText, channel?: string): string =>
  channel === undefined
    ? `{"event":"${event}","data":${JSON.stringify(data)}}`
    : `{"event":"${event}","channel":${JSON.stringify(channel)},"data":${JSON.stringify(data)}}`

export const established = (socketId: string, activityTimeoutSeconds: number): string =>
  message(
    "pusher:connection_established",
    JSON.stringify({ socket_id: socketId, activity_timeout: activityTimeoutSeconds }),
  )

export const PING = message("pusher:ping", "{}")
export const PONG = message("pusher:pong", "{}")

/** @param code - null where Pusher has none */
export const error = (code: number | null, text: string): string =>
  JSON.stringify({ event: "pusher:error", data: { code, message: text } })

export const subscriptionSucceeded = (channel: string, data: JsonText): string =>
  message("pusher_internal:subscription_succeeded", data, channel)

/** Ours: tells the page, where Pusher tells only the connection. Clients hand it to the channel. */
export const subscriptionError = (channel: string, type: string, text: string, status: number): string =>
  message("pusher:subscription_error", JSON.stringify({ type, error: text, status }), channel)

export const cacheMiss = (channel: string): string => message("pusher:cache_miss", "{}", channel)

export const memberAdded = (channel: string, userId: string, userInfo: JsonText | undefined): string =>
  message(
    "pusher_internal:member_added",
    `{"user_id":${JSON.stringify(userId)},"user_info":${userInfo ?? "{}"}}`,
    channel,
  )

export const memberRemoved = (channel: string, userId: string): string =>
  message("pusher_internal:member_removed", JSON.stringify({ user_id: userId }), channel)

export const subscriptionCount = (channel: string, count: number): string =>
  message("pusher_internal:subscription_count", JSON.stringify({ subscription_count: count }), channel)

export const signinSuccess = (userData: string): string =>
  message("pusher:signin_success", JSON.stringify({ user_data: userData }))

export interface WatchlistEvent {
  readonly name: "online" | "offline"
  readonly user_ids: readonly string[]
}

export const watchlistEvents = (events: readonly WatchlistEvent[]): string =>
  message("pusher_internal:watchlist_events", JSON.stringify({ events }))

/** @param dataLiteral - a JSON string, already encoded */
export function event(channel: string, name: string, dataLiteral: string, userId?: string): string {
  const start = `{"event":${JSON.stringify(name)},"channel":${JSON.stringify(channel)},"data":${dataLiteral}`
  return userId === undefined ? `${start}}` : `${start},"user_id":${JSON.stringify(userId)}}`
}

/** Members by user id, as a presence subscription's answer shows them. */
export function presenceData(members: ReadonlyMap<string, JsonText | undefined>): JsonText {
  const ids = [...members.keys()].map((id) => JSON.stringify(id))
  const hash = [...members].map(([id, info]) => `${JSON.stringify(id)}:${info ?? "{}"}`)
  return `{"presence":{"ids":[${ids.join()}],"hash":{${hash.join()}},"count":${members.size}}}`
}

// --- ours, for clients that recover -------------------------------------------------------------------------------

/** An event with its place in the channel's history. */
export function publication(channel: string, offset: number, name: string, dataLiteral: string, userId?: string) {
  const start = `{"offset":${offset},"event":${JSON.stringify(name)},"data":${dataLiteral}`
  const data = userId === undefined ? `${start}}` : `${start},"user_id":${JSON.stringify(userId)}}`
  return message("pusher_internal:publication", data, channel)
}

/** A place in the history that this client is to see nothing at. */
export const publicationSkipped = (channel: string, offset: number): string =>
  message("pusher_internal:publication", JSON.stringify({ offset }), channel)

// --- ours, for stock clients that are back ------------------------------------------------------------------------

export interface UnconfirmedEvent {
  readonly event: string
  /** The event's own data. */
  readonly data: string
  readonly epoch: string
  readonly offset: number
}

/** Sent before the client dropped, perhaps received: under another name, so that no handler takes it for new. */
export const unconfirmed = (channel: string, one: UnconfirmedEvent): string =>
  message("skein:unconfirmed", JSON.stringify(one), channel)

/** Something was missed and cannot be had any more. */
export const gap = (channel: string, reason: string): string =>
  message("skein:gap", JSON.stringify({ reason }), channel)
