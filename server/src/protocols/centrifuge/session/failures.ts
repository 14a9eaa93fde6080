import type { Clock } from "../../../core/clock.ts"
import type { Logger } from "../../../core/logger.ts"

const EVERY_MS = 1_000
/** Different texts in one second; what is beyond is counted with the others. */
const MAX_KINDS = 20

/**
 * Writes internal failures into the log, each at most once a second with how often it has happened: an outage (of the
 * site's sessions or keys) fails every client that connects, and in an outage all of them connect at once.
 */
export class Failures {
  readonly #log: Logger
  readonly #clock: Clock
  readonly #since = new Map<string, { times: number; toldAtMs: number }>()

  constructor(log: Logger, clock: Clock) {
    this.#log = log
    this.#clock = clock
  }

  note(error: unknown): void {
    const nowMs = this.#clock.nowMs()
    const kind = this.#kindOf(error, nowMs)
    const known = this.#since.get(kind)
    if (known !== undefined && nowMs - known.toldAtMs < EVERY_MS) {
      known.times++
      return
    }
    this.#log.error({ err: error, times: 1 + (known?.times ?? 0) }, "a client's command failed")
    this.#since.set(kind, { times: 0, toldAtMs: nowMs })
  }

  #kindOf(error: unknown, nowMs: number): string {
    const text = error instanceof Error ? error.message : "not an error"
    if (this.#since.has(text) || this.#since.size < MAX_KINDS) return text
    for (const [kind, { toldAtMs }] of this.#since) if (nowMs - toldAtMs >= EVERY_MS) this.#since.delete(kind)
    return this.#since.size < MAX_KINDS ? text : "others"
  }
}
