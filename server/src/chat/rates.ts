import type { Clock } from "../core/clock.ts"
import { setNewest } from "../core/collections.ts"
import { ensureRate, type LimitName, RateLimit } from "../core/limits.ts"
import type { ChatRates, Rate } from "./config.ts"

/** Users whose rates are remembered; the longest silent are forgotten first, and those are the ones with full buckets. */
const MAX_REMEMBERED = 50_000

interface Counted {
  readonly what: string
  /** The setting that says how many; absent: nobody has had to change it yet. */
  readonly setting?: LimitName
}

const COUNTED: Record<keyof ChatRates, Counted> = {
  write: { what: "messages", setting: "chat.messages_per_second" },
  typing: { what: "typing notices" },
  join: { what: "joins" },
  create: { what: "new rooms", setting: "chat.rooms_per_hour" },
  cursor: { what: "read positions" },
  query: { what: "requests", setting: "chat.requests_per_second" },
}

/** Token buckets by key (a user, an address), bounded in number. */
export class KeyedRates {
  readonly #buckets = new Map<string, RateLimit>()
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** @throws SkeinError `too_many_requests` */
  ensure(key: string, rate: Rate, { what, setting }: Counted): void {
    const nowMs = this.#clock.nowMs()
    const bucket = this.#buckets.get(key) ?? new RateLimit(rate.perSecond, rate.burst, nowMs)
    setNewest(this.#buckets, key, bucket, MAX_REMEMBERED)
    ensureRate(bucket, nowMs, what, setting)
  }
}

/** The rates of users, one bucket for each kind of call. */
export class UserRates {
  readonly #rates: ChatRates
  readonly #keyed: KeyedRates

  constructor(rates: ChatRates, clock: Clock) {
    this.#rates = rates
    this.#keyed = new KeyedRates(clock)
  }

  /** @throws SkeinError `too_many_requests` */
  ensure(userId: string, kind: keyof ChatRates): void {
    this.#keyed.ensure(`${kind} ${userId}`, this.#rates[kind], COUNTED[kind])
  }
}
