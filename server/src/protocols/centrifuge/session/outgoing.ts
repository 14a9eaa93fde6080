import type { Frame } from "../../../core/connection.ts"
import type { Socket } from "../../../gateway/protocol.ts"
import type { Codec } from "../codec/codec.ts"
import type { Flushable, Outbox } from "./outbox.ts"

/** One connection's way out: what one event-loop turn has to say leaves as one frame. */
export class Outgoing implements Flushable {
  readonly #socket: Socket
  readonly #codec: Codec
  readonly #outbox: Outbox
  /** To be sent at the end of the turn. */
  #waiting: Frame[] | undefined
  /** The answers to publish commands of this turn: they follow the publications. */
  #published: Frame[] | undefined

  constructor(socket: Socket, codec: Codec, outbox: Outbox) {
    this.#socket = socket
    this.#codec = codec
    this.#outbox = outbox
  }

  /** At the end of the turn. */
  add(frame: Frame): void {
    if (this.#waiting !== undefined) {
      this.#waiting.push(frame)
      return
    }
    this.#waiting = [frame]
    this.#outbox.schedule(this)
  }

  /** When what was published until now has gone out. */
  addAfterPublications(frame: Frame): void {
    if (this.#published !== undefined) {
      this.#published.push(frame)
      return
    }
    this.#published = [frame]
    this.#outbox.scheduleAfterPublications(this)
  }

  /** Before this returns, behind what waits for the end of the turn. */
  sendNow(frame: Frame): void {
    const before = this.#waiting
    this.#waiting = undefined
    this.#send(before === undefined ? [frame] : [...before, frame])
  }

  flush(): void {
    const frames = this.#waiting
    if (frames === undefined) return
    this.#waiting = undefined
    this.#send(frames)
  }

  flushPublished(): void {
    const frames = this.#published
    if (frames === undefined) return
    this.#published = undefined
    const before = this.#waiting
    this.#waiting = undefined
    this.#send(before === undefined ? frames : [...before, ...frames])
  }

  /** Nothing more will be sent. */
  drop(): void {
    this.#waiting = undefined
    this.#published = undefined
  }

  #send(frames: readonly Frame[]): void {
    const [first] = frames
    if (first !== undefined) this.#socket.send(frames.length === 1 ? first : this.#codec.join(frames))
  }
}
