import { type ErrorCode, SkeinError, type SkeinErrorOptions } from "./errors.ts"
import type { Payload } from "./publication.ts"

/** Bounds that core itself enforces. Every one has a configuration name of the same spelling (promise P6). */
export interface ChannelLimits {
  /** Subscriptions of one connection. */
  readonly maxChannelsPerConnection: number
  /** Bytes of a channel name. */
  readonly maxChannelLength: number
  /** Bytes of one publication's payload. */
  readonly maxPayloadBytes: number
  /** Publications in one history page, also the furthest a recovery reaches back. */
  readonly maxHistoryPage: number
  readonly maxConnectionsPerUser: number
  /** Bytes that may wait for one client, and so also of what one recovery brings; a page of history has half of it. */
  readonly maxOutboundBytes: number
}

/** Settings whose bound a client or a back end can meet, by their names in the configuration. */
export const LIMIT_NAMES = [
  "limits.max_frame_bytes",
  "limits.max_payload_bytes",
  "limits.max_outbound_bytes",
  "limits.max_channels_per_connection",
  "limits.max_channel_length",
  "limits.max_connections",
  "limits.max_connections_per_user",
  "limits.max_connections_per_ip",
  "limits.messages_per_second",
  "limits.subscribes_per_second",
  "limits.connect_timeout",
  "limits.request_timeout",
  "limits.pong_timeout",
  "chat.max_text_length",
  "chat.max_rooms",
  "chat.messages_per_second",
  "chat.requests_per_second",
  "chat.rooms_per_hour",
  "chat.guests_per_minute",
  "broker.max_queued_publications",
  "broker.max_queued_bytes",
] as const

export type LimitName = (typeof LIMIT_NAMES)[number]

/** How often each bound was met in this process (promise P6). Counted here because the refusals are everywhere. */
export const limitCounts: ReadonlyMap<LimitName, number> = new Map(LIMIT_NAMES.map((name) => [name, 0]))

/** Somebody met the bound of this setting and was refused, slowed or closed for it. */
export function noteLimit(name: LimitName): void {
  const counts = limitCounts as Map<LimitName, number>
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

/** A refusal that names the setting to change, and is counted by it. */
export function limitError(
  name: LimitName,
  code: ErrorCode,
  message: string,
  options: SkeinErrorOptions = {},
): SkeinError {
  noteLimit(name)
  return new SkeinError(code, `${message} (${name})`, options)
}

/**
 * A token bucket: `burst` at once, `perSecond` in the long run. Two numbers of state, no timer.
 */
export class RateLimit {
  #tokens: number
  #atMs: number
  readonly #perSecond: number
  readonly #burst: number

  constructor(perSecond: number, burst: number, nowMs: number) {
    this.#perSecond = perSecond
    this.#burst = burst
    this.#tokens = burst
    this.#atMs = nowMs
  }

  /** Takes one, or as many as it costs; false, and nothing is taken, when there are not so many. */
  take(nowMs: number, cost = 1): boolean {
    this.#tokens = Math.min(this.#burst, this.#tokensAt(nowMs))
    this.#atMs = nowMs
    if (this.#tokens < cost) return false
    this.#tokens -= cost
    return true
  }

  /** How long until `take` would succeed. */
  retryAfterMs(): number {
    return this.#tokens >= 1 ? 0 : Math.ceil(((1 - this.#tokens) * 1000) / this.#perSecond)
  }

  /** True when it is as full as it gets: forgetting it then changes nothing. */
  isFull(nowMs: number): boolean {
    return this.#tokensAt(nowMs) >= this.#burst
  }

  /** A clock that was put back takes nothing away: everyone would be refused until it is again as late as it was. */
  #tokensAt(nowMs: number): number {
    return this.#tokens + (Math.max(0, nowMs - this.#atMs) * this.#perSecond) / 1000
  }
}

/**
 * @param name - the setting that says how many; absent where none does
 * @throws SkeinError `too_many_requests`
 */
export function ensureRate(limit: RateLimit, nowMs: number, what: string, name?: LimitName): void {
  if (limit.take(nowMs)) return
  const retryAfterMs = limit.retryAfterMs()
  const message = `too many ${what}: try again in ${retryAfterMs} ms`
  if (name === undefined) throw new SkeinError("too_many_requests", message, { retryAfterMs })
  throw limitError(name, "too_many_requests", message, { retryAfterMs })
}

/** Channel names are printable ASCII, as every SDK and proxy can carry them. */
const CHANNEL_NAME = /^[\x21-\x7e]+$/

/** @throws SkeinError `bad_request` */
export function ensureChannelName(channel: string, maxLength: number): void {
  if (channel.length > maxLength)
    throw limitError(
      "limits.max_channel_length",
      "bad_request",
      `channel name must be at most ${maxLength} bytes, got ${channel.length}`,
    )
  if (!CHANNEL_NAME.test(channel))
    throw new SkeinError(
      "bad_request",
      "channel name must be printable ASCII without spaces (percent-encode other characters)",
    )
}

/** @throws SkeinError `payload_too_large` */
export function ensurePayload(data: Payload, maxBytes: number): void {
  if (fits(data, maxBytes)) return
  throw limitError(
    "limits.max_payload_bytes",
    "payload_too_large",
    `a publication may have ${maxBytes} bytes, got more`,
  )
}

function fits(data: Payload, maxBytes: number): boolean {
  if (typeof data !== "string") return data.byteLength <= maxBytes
  // UTF-8 is one to three bytes per UTF-16 unit: only what lies between needs the exact count.
  if (data.length * 3 <= maxBytes) return true
  return data.length <= maxBytes && new TextEncoder().encode(data).byteLength <= maxBytes
}
