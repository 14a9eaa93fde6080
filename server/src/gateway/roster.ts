import type { Session } from "./protocol.ts"

/** Whatever holds a session: a WebSocket or a streamed response. */
export interface Seat {
  readonly session: Session | undefined
}

const SLOTS = 20

/**
 * Every open session of this node, dealt over slots so that each is ticked once a second
 * without a timer per connection and without all of them at once.
 */
export class Roster {
  readonly #slots: Set<Seat>[] = Array.from({ length: SLOTS }, () => new Set())
  #next = 0
  #turn = 0

  /** Ticks one slot each `tickEveryMs`. */
  static readonly tickEveryMs = 1000 / SLOTS

  add(seat: Seat): void {
    this.#slots[this.#next]?.add(seat)
    this.#next = (this.#next + 1) % SLOTS
  }

  remove(seat: Seat): void {
    for (const slot of this.#slots) if (slot.delete(seat)) return
  }

  tick(nowMs: number): void {
    const slot = this.#slots[this.#turn]
    this.#turn = (this.#turn + 1) % SLOTS
    for (const seat of slot ?? []) seat.session?.tick?.(nowMs)
  }

  *seats(): IterableIterator<Seat> {
    for (const slot of this.#slots) yield* slot
  }
}
