import type { Clock } from "../../core/clock.ts"
import { getOrAdd } from "../../core/collections.ts"
import { RateLimit } from "../../core/limits.ts"
import type { Logger } from "../../core/logger.ts"
import type { Refusal, Wrong } from "./refusal.ts"

/** Lines about one reason: beyond, they are only counted, so that nobody fills the disk by being refused. */
const LINES_PER_SECOND = 10
const LINES_AT_ONCE = 100
/** Characters: what was to be signed may be as long as a frame. */
const MAX_WHY = 1_000

type RefusedThing = "connection" | "subscription" | "message" | "request"

/** One refusal, with what else the log is to say. */
export interface Refused {
  /** Undefined: of an app that is not known. */
  readonly app: string | undefined
  readonly what: RefusedThing
  readonly refusal: Refusal
  readonly fields?: object
}

/** All refusals of one thing for one reason since the start. */
export interface RefusalRecord {
  /** Undefined: no app of ours. */
  readonly app: string | undefined
  readonly what: RefusedThing
  readonly wrong: Wrong
  readonly count: number
  readonly lastAtMs: number
  /** Why the last one was refused, as the log has it. */
  readonly lastWhy: string
}

interface Kept {
  count: number
  unlogged: number
  lastAtMs: number
  lastWhy: string
  readonly lines: RateLimit
}

/** Tells the log what is refused and why, and remembers it for `skein doctor`: a few records for each app. */
export class Refusals {
  readonly #log: Logger
  readonly #clock: Clock
  readonly #records = new Map<string, Omit<RefusalRecord, "count" | "lastAtMs" | "lastWhy"> & Kept>()

  constructor({ log, clock }: { readonly log: Logger; readonly clock: Clock }) {
    this.#log = log
    this.#clock = clock
  }

  tell({ app, what, refusal, fields }: Refused): void {
    const { wrong, status } = refusal
    const nowMs = this.#clock.nowMs()
    const record = getOrAdd(this.#records, JSON.stringify([app, what, wrong]), () => ({
      ...{ app, what, wrong, count: 0, unlogged: 0, lastAtMs: 0, lastWhy: "" },
      lines: new RateLimit(LINES_PER_SECOND, LINES_AT_ONCE, nowMs),
    }))
    record.count++
    record.lastAtMs = nowMs
    record.lastWhy = shortened(refusal.forLog ?? refusal.message)
    if (!record.lines.take(nowMs)) {
      record.unlogged++
      return
    }
    const unlogged = record.unlogged === 0 ? {} : { unlogged: record.unlogged }
    record.unlogged = 0
    const line = { app, wrong, ...fields, why: record.lastWhy, ...unlogged }
    this.#log[status >= 500 ? "error" : "info"](line, `refused a Pusher ${what}`)
  }

  /** The latest first. */
  list(): readonly RefusalRecord[] {
    const records = [...this.#records.values()].map(({ app, what, wrong, count, lastAtMs, lastWhy }) => ({
      ...{ app, what, wrong, count, lastAtMs, lastWhy },
    }))
    return records.sort((a, b) => b.lastAtMs - a.lastAtMs)
  }
}

const shortened = (text: string): string => (text.length > MAX_WHY ? `${text.slice(0, MAX_WHY)}…` : text)
