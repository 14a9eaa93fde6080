import { SkeinError } from "./errors.ts"

/** Bounds that core itself enforces. Every one has a configuration name of the same spelling (P6). */
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

  /** Takes one; false when there is none. */
  take(nowMs: number): boolean {
    this.#tokens = Math.min(this.#burst, this.#tokens + ((nowMs - this.#atMs) * this.#perSecond) / 1000)
    this.#atMs = nowMs
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }

  /** How long until `take` would succeed. */
  retryAfterMs(): number {
    return this.#tokens >= 1 ? 0 : Math.ceil(((1 - this.#tokens) * 1000) / this.#perSecond)
  }

  /** True when it is as full as it gets: forgetting it then changes nothing. */
  isFull(nowMs: number): boolean {
    return this.#tokens + ((nowMs - this.#atMs) * this.#perSecond) / 1000 >= this.#burst
  }
}

/** @throws SkeinError `too_many_requests` */
export function ensureRate(limit: RateLimit, nowMs: number, what: string): void {
  if (limit.take(nowMs)) return
  const retryAfterMs = limit.retryAfterMs()
  throw new SkeinError("too_many_requests", `too many ${what}: try again in ${retryAfterMs} ms`, { retryAfterMs })
}

/** Channel names are printable ASCII, as every SDK and proxy can carry them. */
const CHANNEL_NAME = /^[\x21-\x7e]+$/

/** @throws SkeinError `bad_request` */
export function ensureChannelName(channel: string, maxLength: number): void {
  if (channel.length > maxLength)
    throw new SkeinError("bad_request", `channel name must be at most ${maxLength} bytes, got ${channel.length}`)
  if (!CHANNEL_NAME.test(channel))
    throw new SkeinError(
      "bad_request",
      "channel name must be printable ASCII without spaces (percent-encode other characters)",
    )
}
