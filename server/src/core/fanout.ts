import type { Frame, Outlet } from "./connection.ts"

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
  publication(channel: string, publication: import("./publication.ts").Publication): Frame | undefined
  join(channel: string, info: import("./publication.ts").ClientInfo): Frame | undefined
  leave(channel: string, info: import("./publication.ts").ClientInfo): Frame | undefined
  /** All subscribers of a channel end at once (its history restarted). */
  unsubscribed(channel: string, reason: import("./close-codes.ts").CloseReason): Frame | undefined
  /** Several frames as one, where the wire format has a way: fewer native publishes for the same frames. */
  concat?(frames: readonly Frame[]): Frame
}

export const publicationTopic = (format: string, channel: string): string => `${format}>${channel}`
export const presenceTopic = (format: string, channel: string): string => `${format}&${channel}`

interface Pending {
  readonly encoder: Encoder
  readonly frames: Frame[]
}

/**
 * Collects the frames of one event-loop turn by topic, and sends each topic's as one where the format allows:
 * a busy channel's subscribers then cost one native send per turn, not one per publication.
 *
 * `flush` before anything that must come after (a new subscriber joining, a reply): the order of issue is the order seen.
 */
export class Fanout {
  readonly #topics: TopicPublisher
  readonly #defer: (run: () => void) => void
  readonly #pending = new Map<string, Pending>()
  #scheduled = false

  /** @param defer - runs once at the end of the current event-loop turn (`setImmediate`) */
  constructor(topics: TopicPublisher, defer: (run: () => void) => void) {
    this.#topics = topics
    this.#defer = defer
  }

  /** Encodes at most once, only when someone listens in this format. */
  send(encoder: Encoder, topic: string, encode: () => Frame | undefined, except?: Outlet): void {
    if (this.#topics.count(topic) === 0) return
    const frame = encode()
    if (frame === undefined) return
    if (except !== undefined) {
      this.flush(topic)
      this.#topics.publish(topic, frame, except)
      return
    }
    const pending = this.#pending.get(topic)
    if (pending) pending.frames.push(frame)
    else this.#pending.set(topic, { encoder, frames: [frame] })
    if (this.#scheduled) return
    this.#scheduled = true
    this.#defer(() => this.flushAll())
  }

  /** Sends what is collected for one topic now. */
  flush(topic: string): void {
    const pending = this.#pending.get(topic)
    if (!pending) return
    this.#pending.delete(topic)
    this.#publish(topic, pending)
  }

  flushAll(): void {
    this.#scheduled = false
    for (const [topic, pending] of this.#pending) this.#publish(topic, pending)
    this.#pending.clear()
  }

  #publish(topic: string, { encoder, frames }: Pending): void {
    const [first] = frames
    if (frames.length === 1 && first !== undefined) this.#topics.publish(topic, first)
    else if (encoder.concat) this.#topics.publish(topic, encoder.concat(frames))
    else for (const frame of frames) this.#topics.publish(topic, frame)
  }
}
