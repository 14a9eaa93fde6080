import type { ServerWebSocket } from "bun"
import type { CloseReason } from "../core/close-codes.ts"
import type { Frame } from "../core/connection.ts"
import type { Overflow } from "./overflow.ts"
import type { Handshake, Session, Socket, WebSocketEndpoint } from "./protocol.ts"
import type { NativeOutlet } from "./topics.ts"

/** One WebSocket. It is also what Bun keeps as `ws.data`: one object per connection, not two. */
export class WebSocketSocket implements Socket, NativeOutlet {
  readonly endpoint: WebSocketEndpoint
  readonly subprotocol: string | undefined
  readonly handshake: Handshake
  session: Session | undefined
  /** The code we closed it with. Undefined: we have not. */
  ownCode: number | undefined
  readonly #overflow: Overflow
  #ws: ServerWebSocket<WebSocketSocket> | undefined

  constructor(endpoint: WebSocketEndpoint, subprotocol: string | undefined, handshake: Handshake, overflow: Overflow) {
    this.endpoint = endpoint
    this.subprotocol = subprotocol
    this.handshake = handshake
    this.#overflow = overflow
  }

  opened(ws: ServerWebSocket<WebSocketSocket>): void {
    this.#ws = ws
    this.session = this.endpoint.open(this, this.subprotocol)
  }

  /** After this the native socket must not be touched. */
  gone(): void {
    this.#ws = undefined
  }

  send(frame: Frame): void {
    if (this.#ws?.send(frame, false) === 0 && frame.length > 0) this.#overflow.note()
  }

  publishToOthers(topic: string, frame: Frame): number | undefined {
    return this.#ws?.publish(topic, frame, false)
  }

  join(topic: string): void {
    this.#ws?.subscribe(topic)
  }

  leave(topic: string): void {
    this.#ws?.unsubscribe(topic)
  }

  get bufferedBytes(): number {
    return this.#ws?.getBufferedAmount() ?? 0
  }

  close({ code, reason }: CloseReason): void {
    const ws = this.#ws
    if (!ws) return
    this.ownCode = code
    // A stalled peer never reads the close frame, and its buffer would stay for half a minute (Bun 1.4.4).
    if (ws.getBufferedAmount() > 0) ws.terminate()
    else ws.close(code, reason)
  }

  terminate(): void {
    this.#ws?.terminate()
  }

  ping(): void {
    this.#ws?.ping()
  }
}
