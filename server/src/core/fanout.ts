import type { Frame, Outlet } from "./connection.ts"
import type { ClientInfo, Publication } from "./publication.ts"

/** The native fan-out of the gateway: one call reaches every outlet that joined the topic. */
export interface TopicPublisher {
  /** `except` does not receive it. Frames to one topic arrive in issue order. */
  publish(topic: string, frame: Frame, except?: Outlet): void
  /** 0 when nobody joined: encoding can then be spared. */
  count(topic: string): number
}

/** What a protocol turns things of a channel into, once per thing and never per subscriber. Undefined: not carried. */
export interface Encoder {
  /** Unique, short: the beginning of its topics. */
  readonly name: string
  publication(channel: string, publication: Publication): Frame | undefined
  /** @param ofUser - this is the user's first connection in the channel */
  join(channel: string, info: ClientInfo, ofUser?: boolean): Frame | undefined
  /** @param ofUser - this was the user's last connection in the channel */
  leave(channel: string, info: ClientInfo, ofUser?: boolean): Frame | undefined
  /** Connections are not told of their own joining and leaving. */
  readonly sparesOwnPresence?: boolean
  /** Several frames as one, where the wire format has a way: fewer native publishes for the same frames. */
  concat?(frames: readonly Frame[]): Frame
}

/** Native topic of a channel's publications, for subscribers whose connections have this format. */
export const publicationTopic = (format: string, channel: string): string => `${format}>${channel}`
/** Native topic of a channel's joins and leaves. */
export const presenceTopic = (format: string, channel: string): string => `${format}&${channel}`

interface Collected {
  readonly encoder: Encoder
  readonly frames: Frame[]
}

/** How long a batch waits. */
interface Waiting {
  /** Runs `run` once, after the time that a topic of so many `listeners` may wait. @returns that time */
  readonly defer: (run: () => void, listeners: number) => number
  /** While frames keep coming the batch waits again, at most this often. */
  readonly patience: number
  /** Monotonic, with fractions. */
  readonly nowMs: () => number
}

/** Frames collected by topic until their moment comes. */
class Batch {
  readonly topics = new Map<string, Collected>()
  readonly #waiting: Waiting
  readonly #due: () => void
  #scheduled = false
  #waits = 0
  #waitMs = 0
  #lastAddedMs = 0
  #listeners = 0

  constructor(waiting: Waiting, send: (topic: string, collected: Collected) => void) {
    this.#waiting = waiting
    this.#due = () => {
      if (this.#waits < waiting.patience && this.#isStillFilling()) return this.#wait()
      this.#scheduled = false
      for (const [topic, collected] of this.topics) send(topic, collected)
      this.topics.clear()
    }
  }

  add(encoder: Encoder, topic: string, frame: Frame, listeners: number): void {
    const collected = this.topics.get(topic)
    if (collected) collected.frames.push(frame)
    else this.topics.set(topic, { encoder, frames: [frame] })
    this.#lastAddedMs = this.#waiting.nowMs()
    if (this.#scheduled) return
    this.#scheduled = true
    this.#waits = 0
    this.#listeners = listeners
    this.#wait()
  }

  /** A burst that ended in the first half of the wait is over; one that reached into the second goes on. */
  #isStillFilling(): boolean {
    return this.#waiting.nowMs() - this.#lastAddedMs < this.#waitMs / 2
  }

  #wait(): void {
    this.#waits++
    this.#waitMs = this.#waiting.defer(this.#due, this.#listeners)
  }
}

/** The clocks that batches wait by. */
export interface FanoutTiming {
  /** Runs once when the current event-loop turn ends (`setImmediate`). */
  readonly endOfTurn: (run: () => void) => void
  /** Runs once after `delayMs`. */
  readonly soon: (run: () => void, delayMs: number) => void
  /** Monotonic time, with fractions of a millisecond. */
  readonly nowMs: () => number
  /** Topics with at least this many subscribers wait for `soon`, and again while publications keep coming. */
  readonly busyFrom: number
}

/** A busy topic waits this often at the most. */
const BUSY_PATIENCE = 3

/**
 * Waiting may cost a fraction of what sending costs: about 5 µs a socket, so 5 ms for 1,000 and 50 ms for 10,000.
 */
const busyWaitMs = (listeners: number): number => Math.min(4, Math.max(1, Math.round(listeners / 1_000)))

/**
 * Collects frames by topic and sends each topic's as one where the format allows, so that the subscribers of a busy
 * channel cost one native send per batch and not one per publication.
 *
 * A small topic's batch is one event-loop turn. A large one's ends after one to four milliseconds (by its size) if the
 * burst was over by half of that, after three such waits at the latest: one send to 1,000 sockets takes about five, and publications that
 * arrive in that time would otherwise each pay it again (measured: 1.68 M against 0.23 M deliveries per CPU-second,
 * docs/decisions/0004-native-topics-and-coalescing.md).
 *
 * `flush` before anything that must come after (a new subscriber joining): the order of issue is the order seen.
 */
export class Fanout {
  readonly #topics: TopicPublisher
  readonly #small: Batch
  readonly #large: Batch
  readonly #busyFrom: number

  constructor(topics: TopicPublisher, { endOfTurn, soon, nowMs, busyFrom }: FanoutTiming) {
    this.#topics = topics
    this.#busyFrom = busyFrom
    const send = (topic: string, collected: Collected) => this.#publish(topic, collected)
    const endTurn = (run: () => void): number => {
      endOfTurn(run)
      return 0
    }
    const waitBusy = (run: () => void, listeners: number): number => {
      const waitMs = busyWaitMs(listeners)
      soon(run, waitMs)
      return waitMs
    }
    this.#small = new Batch({ defer: endTurn, patience: 1, nowMs }, send)
    this.#large = new Batch({ defer: waitBusy, patience: BUSY_PATIENCE, nowMs }, send)
  }

  /** Encodes at most once, and only when someone listens in this format. */
  send(encoder: Encoder, topic: string, encode: () => Frame | undefined, except?: Outlet): void {
    const listeners = this.#topics.count(topic)
    if (listeners === 0) return
    const frame = encode()
    if (frame === undefined) return
    if (except !== undefined) {
      this.flush(topic)
      this.#topics.publish(topic, frame, except)
      return
    }
    this.#batchFor(topic, listeners).add(encoder, topic, frame, listeners)
  }

  /** Sends what is collected for one topic now. */
  flush(topic: string): void {
    for (const { topics } of [this.#small, this.#large]) {
      const collected = topics.get(topic)
      if (!collected) continue
      topics.delete(topic)
      this.#publish(topic, collected)
    }
  }

  /** A topic that grows or shrinks past the bound stays where its frames already wait. */
  #batchFor(topic: string, listeners: number): Batch {
    if (this.#large.topics.has(topic)) return this.#large
    return listeners >= this.#busyFrom && !this.#small.topics.has(topic) ? this.#large : this.#small
  }

  #publish(topic: string, { encoder, frames }: Collected): void {
    const [first] = frames
    if (frames.length === 1 && first !== undefined) this.#topics.publish(topic, first)
    else if (encoder.concat) this.#topics.publish(topic, encoder.concat(frames))
    else for (const frame of frames) this.#topics.publish(topic, frame)
  }
}
