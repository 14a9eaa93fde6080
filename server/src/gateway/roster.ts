import type { Session } from "./protocol.ts"

/** What a session is held by: a WebSocket or a streamed response. */
export interface SessionHolder {
  readonly session: Session | undefined
}

const SLOTS = 20

/**
 * Every open session of this node, dealt over slots so that each is ticked once a second
 * without a timer per connection and without all of them at once.
 */
export class Roster {
  readonly #slots: Set<SessionHolder>[] = Array.from({ length: SLOTS }, () => new Set())
  #next = 0
  #turn = 0

  /** Ticks one slot each `tickEveryMs`. */
  static readonly tickEveryMs = 1000 / SLOTS

  add(holder: SessionHolder): void {
    this.#slots[this.#next]?.add(holder)
    this.#next = (this.#next + 1) % SLOTS
  }

  remove(holder: SessionHolder): void {
    for (const slot of this.#slots) if (slot.delete(holder)) return
  }

  tick(nowMs: number): void {
    const slot = this.#slots[this.#turn]
    this.#turn = (this.#turn + 1) % SLOTS
    for (const { session } of slot ?? []) session?.tick?.(nowMs)
  }

  *holders(): IterableIterator<SessionHolder> {
    for (const slot of this.#slots) yield* slot
  }
}
