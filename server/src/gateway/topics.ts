import { getOrAdd } from "../core/collections.ts"
import type { Frame, Outlet } from "../core/connection.ts"
import type { TopicPublisher } from "../core/fanout.ts"

/** The part of `Bun.Server` that fan-out uses. */
export interface NativeTopics {
  publish(topic: string, data: string | Uint8Array, compress: boolean): number
  subscriberCount(topic: string): number
}

/** An outlet that can publish natively to everyone of a topic but itself. */
export interface NativeOutlet extends Outlet {
  /** False when its socket is gone: then nobody needs to be spared. */
  publishToOthers(topic: string, frame: Frame): boolean
}

/**
 * One call reaches every outlet of a topic: WebSockets natively, streamed responses one by one.
 *
 * `compress` is always passed: Bun's default would deflate again for every subscriber (+5 µs each, Bun 1.4.4).
 */
export class Topics implements TopicPublisher {
  #native: NativeTopics | undefined
  readonly #streams = new Map<string, Set<Outlet>>()

  /** The server exists only after its handlers do. */
  attach(native: NativeTopics): void {
    this.#native = native
  }

  publish(topic: string, frame: Frame, except?: Outlet): void {
    const excluded = (except?.inner ?? except) as NativeOutlet | undefined
    if (!excluded?.publishToOthers?.(topic, frame)) this.#native?.publish(topic, frame, false)
    const streams = this.#streams.get(topic)
    if (!streams) return
    for (const stream of streams) if (stream !== excluded) stream.send(frame)
  }

  count(topic: string): number {
    return (this.#native?.subscriberCount(topic) ?? 0) + (this.#streams.get(topic)?.size ?? 0)
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
