import { getOrAdd } from "../core/collections.ts"

/** What a finished operation wants told. `order` counts a conversation's writes without holes (both heads added up). */
export interface Announcement {
  readonly order: number
  tell(): void
}

type Ticket = object

interface Held extends Announcement {
  /** Operations that were running when it came. */
  readonly numbers: Set<Ticket>
  readonly barriers: Set<Ticket>
}

interface Lane {
  readonly inFlight: Set<Ticket>
  readonly barriers: Set<Ticket>
  held: Held[]
  /** Highest order told. Undefined until something was. */
  told: number | undefined
}

/**
 * Announcements of one conversation leave in the order of their transactions, however their answers come back.
 *
 * One that skips a number waits for the operations that were running when it came: only they can own a smaller one
 * (another node's numbers never come here). There are no timers, and operations themselves run concurrently.
 * A barrier (somebody leaves) holds back everything until it is over: who is out hears nothing later than that.
 */
export class Lanes {
  readonly #lanes = new Map<string, Lane>()

  /** @param announce - undefined when the answer is nothing new */
  async write<T>(
    conversationId: string,
    operation: () => Promise<T>,
    announce: (answer: T) => Announcement | undefined,
  ): Promise<T> {
    return this.#run(conversationId, "inFlight", operation, (answer, lane) => {
      const announcement = announce(answer)
      if (announcement) this.#arrived(lane, announcement)
    })
  }

  /** @param settle - runs at once when the operation is done, before anything held back is told */
  async barrier<T>(conversationId: string, operation: () => Promise<T>, settle: (answer: T) => void): Promise<T> {
    return this.#run(conversationId, "barriers", operation, settle)
  }

  get size(): number {
    return this.#lanes.size
  }

  async #run<T>(
    conversationId: string,
    kind: "inFlight" | "barriers",
    operation: () => Promise<T>,
    done: (answer: T, lane: Lane) => void,
  ): Promise<T> {
    const lane = getOrAdd(this.#lanes, conversationId, newLane)
    const ticket: Ticket = {}
    lane[kind].add(ticket)
    try {
      const answer = await operation()
      // Out before it is announced: it must not wait for itself.
      lane[kind].delete(ticket)
      done(answer, lane)
      return answer
    } finally {
      lane[kind].delete(ticket)
      for (const held of lane.held) {
        held.numbers.delete(ticket)
        held.barriers.delete(ticket)
      }
      tellWhatMay(lane)
      if (lane.inFlight.size + lane.barriers.size === 0) this.#lanes.delete(conversationId)
    }
  }

  #arrived(lane: Lane, announcement: Announcement): void {
    lane.held.push({ ...announcement, numbers: new Set(lane.inFlight), barriers: new Set(lane.barriers) })
    lane.held.sort((a, b) => a.order - b.order)
    tellWhatMay(lane)
  }
}

const newLane = (): Lane => ({ inFlight: new Set(), barriers: new Set(), held: [], told: undefined })

/** In order, and none before one that still waits. */
function tellWhatMay(lane: Lane): void {
  for (let first = lane.held[0]; first !== undefined; first = lane.held[0]) {
    const isNext = lane.told !== undefined && first.order <= lane.told + 1
    if (first.barriers.size > 0 || (!isNext && first.numbers.size > 0)) return
    lane.held.shift()
    lane.told = Math.max(lane.told ?? 0, first.order)
    first.tell()
  }
}
