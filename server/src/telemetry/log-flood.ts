import type { Clock } from "../core/clock.ts"
import { RateLimit } from "../core/limits.ts"

/** Lines of one kind: the first hundred, then one a second; about 30 MB a day, whatever anybody does. */
const LINES_AT_ONCE = 100
const LINES_PER_SECOND = 1
/** What was left out is told this long after the first of it. */
const TELL_AFTER_MS = 10_000
/** Kinds told apart. Texts that differ with what a client sends are one kind from there on. */
const MAX_KINDS = 200

interface Kind {
  readonly lines: RateLimit
  leftOut: number
}

/**
 * Keeps clients from filling the disk by being refused: most lines are about something that somebody outside has done,
 * and can do as often as he likes. Lines are of one kind when they begin with the same words, up to the first colon.
 */
export class LogFlood {
  readonly #clock: Clock
  readonly #kinds = new Map<string, Kind>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * Whether this line is written.
   * @param tell - called later, once, with how many of the kind were left out meanwhile
   */
  lets(message: string, tell: (kind: string, leftOut: number) => void): boolean {
    const nowMs = this.#clock.nowMs()
    const name = this.#nameOf(message)
    const kind = this.#kinds.get(name) ?? { lines: new RateLimit(LINES_PER_SECOND, LINES_AT_ONCE, nowMs), leftOut: 0 }
    this.#kinds.set(name, kind)
    if (kind.lines.take(nowMs)) return true
    kind.leftOut++
    if (kind.leftOut === 1)
      this.#clock.after(TELL_AFTER_MS, () => {
        tell(name, kind.leftOut)
        kind.leftOut = 0
      })
    return false
  }

  #nameOf(message: string): string {
    const name = message.split(":", 1)[0] ?? ""
    return this.#kinds.has(name) || this.#kinds.size < MAX_KINDS ? name : "others"
  }
}
