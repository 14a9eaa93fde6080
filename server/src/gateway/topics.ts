import { getOrAdd } from "../core/collections.ts"
import type { Frame, Outlet } from "../core/connection.ts"
import type { TopicPublisher } from "../core/fanout.ts"
import type { Overflow } from "./overflow.ts"

/** The part of `Bun.Server` that fan-out uses. */
export interface NativeTopics {
  publish(topic: string, data: string | Uint8Array, compress: boolean): number
  subscriberCount(topic: string): number
}

/** An outlet that can publish natively to everyone of a topic but itself. */
export interface NativeOutlet extends Outlet {
  /** What Bun's `publish` returns. Undefined when its socket is gone: then nobody needs to be spared. */
  publishToOthers(topic: string, frame: Frame): number | undefined
}

/**
 * One call reaches every outlet of a topic: WebSockets natively, streamed responses one by one.
 *
 * `compress` is always passed: Bun's default would deflate again for every subscriber (+5 µs each, Bun 1.4.4).
 */
export class Topics implements TopicPublisher {
  #native: NativeTopics | undefined
  readonly #overflow: Overflow
  readonly #streams = new Map<string, Set<Outlet>>()

  constructor(overflow: Overflow) {
    this.#overflow = overflow
  }

  /** The server exists only after its handlers do. */
  attach(native: NativeTopics): void {
    this.#native = native
  }

  publish(topic: string, frame: Frame, except?: Outlet): void {
    const excluded = (except?.inner ?? except) as NativeOutlet | undefined
    const sentBytes = excluded?.publishToOthers?.(topic, frame) ?? this.#native?.publish(topic, frame, false)
    if (sentBytes === 0) this.#mayHaveDropped(topic, excluded)
    const streams = this.#streams.get(topic)
    if (!streams) return
    for (const stream of streams) if (stream !== excluded) stream.send(frame)
  }

  count(topic: string): number {
    return (this.#native?.subscriberCount(topic) ?? 0) + (this.#streams.get(topic)?.size ?? 0)
  }

  /** Bun returns 0 also when there was nobody to send to. */
  #mayHaveDropped(topic: string, excluded: Outlet | undefined): void {
    const addressees = (this.#native?.subscriberCount(topic) ?? 0) - (excluded === undefined ? 0 : 1)
    if (addressees > 0) this.#overflow.note()
  }

  joinStream(topic: string, stream: Outlet): void {
    getOrAdd(this.#streams, topic, () => new Set<Outlet>()).add(stream)
  }

  leaveStream(topic: string, stream: Outlet): void {
    const streams = this.#streams.get(topic)
    streams?.delete(stream)
    if (streams?.size === 0) this.#streams.delete(topic)
  }
}
