import type { CloseReason } from "../core/close-codes.ts"
import type { Frame } from "../core/connection.ts"
import { noteLimit } from "../core/limits.ts"
import type { Handshake, Session, Socket, StreamOptions } from "./protocol.ts"
import type { Topics } from "./topics.ts"

/** A socket over a streamed HTTP response. The client's side comes in by other requests, through its session. */
export class StreamSocket implements Socket {
  readonly handshake: Handshake
  session: Session | undefined
  readonly #options: StreamOptions
  readonly #topics: Topics
  readonly #joined = new Set<string>()
  readonly #maxBufferedBytes: number
  readonly #onGone: (socket: StreamSocket) => void
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined
  readonly #encoder = new TextEncoder()

  constructor(
    options: StreamOptions,
    topics: Topics,
    maxBufferedBytes: number,
    onGone: (socket: StreamSocket) => void,
  ) {
    this.handshake = options.handshake
    this.#options = options
    this.#topics = topics
    this.#maxBufferedBytes = maxBufferedBytes
    this.#onGone = onGone
  }

  /** The body of the response. Opens the session as soon as the server starts to read it. */
  body(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller
          if (this.#options.firstBytes) controller.enqueue(this.#encoder.encode(this.#options.firstBytes))
          this.session = this.#options.open(this)
        },
        cancel: () => this.#gone(1006, "response aborted"),
      },
      { highWaterMark: this.#maxBufferedBytes, size: (chunk) => chunk?.byteLength ?? 0 },
    )
  }

  send(frame: Frame): void {
    if (!this.#controller) return
    const rendered = this.#options.render(frame)
    this.#controller.enqueue(typeof rendered === "string" ? this.#encoder.encode(rendered) : rendered)
    if (this.bufferedBytes <= this.#maxBufferedBytes) return
    noteLimit("limits.max_outbound_bytes")
    this.terminate()
  }

  get bufferedBytes(): number {
    const room = this.#controller?.desiredSize ?? this.#maxBufferedBytes
    return this.#maxBufferedBytes - room
  }

  join(topic: string): void {
    // Its end is over: nothing would take it out of the topic again.
    if (!this.#controller) return
    this.#joined.add(topic)
    this.#topics.joinStream(topic, this)
  }

  leave(topic: string): void {
    this.#joined.delete(topic)
    this.#topics.leaveStream(topic, this)
  }

  close(reason: CloseReason): void {
    if (!this.#controller) return
    this.send(this.#options.farewell(reason))
    this.#controller?.close()
    this.#gone(reason.code, reason.reason)
  }

  terminate(): void {
    this.#controller?.error(new Error("slow consumer"))
    this.#gone(1006, "slow")
  }

  /** The client went away without the stream noticing (request aborted). */
  aborted(): void {
    this.#gone(1006, "request aborted")
  }

  #gone(code: number, reason: string): void {
    if (!this.#controller) return
    this.#controller = undefined
    for (const topic of this.#joined) this.#topics.leaveStream(topic, this)
    this.#joined.clear()
    this.#onGone(this)
    this.session?.closed(code, reason)
  }
}
