import type { CloseReason } from "../core/close-codes.ts"
import type { Frame, Outlet } from "../core/connection.ts"

/** What the gateway knows of a request that wants to become a connection. */
export interface Handshake {
  /** True client address: the peer, or what a trusted proxy says. IPv4-mapped addresses are shown as IPv4. */
  readonly address: string
  /** Peer is on the loopback interface and no proxy stands between. */
  readonly loopback: boolean
  /** The client speaks https, as far as a trusted proxy says. */
  readonly secure: boolean
  readonly url: URL
  readonly headers: Headers
  /** "websocket", "http_stream", "sse" … */
  readonly transport: string
}

/** One socket of any transport. Text and binary follow the frame's type. */
export interface Socket extends Outlet {
  readonly handshake: Handshake
  /** Bytes the client has not taken yet. */
  readonly bufferedBytes: number
  /** Ends it at once, for peers that do not read. */
  terminate(): void
  /** Sends a WebSocket ping; the answer comes as `Session.heard`. Absent: the transport has no pings. */
  ping?(): void
}

/** A protocol's side of one socket. Methods MUST NOT throw; async work inside is the session's own to catch. */
export interface Session {
  frame(frame: Frame): void
  /** The peer's WebSocket pinged, or answered a ping (also one of the gateway's): it lives, although it sends no frames. */
  heard?(): void
  /** The socket is gone. `code` is what the client sent, 1006 when it just dropped. */
  closed(code: number, reason: string): void
  /** The server is shutting down: end this connection with the code that makes its client come back gently. */
  drain(): void
  /**
   * Called about once a second for every session, spread over the second; `nowMs` from the injected clock.
   * For time-outs, expiry and pings; there are no timers per connection.
   */
  tick?(nowMs: number): void
}

/** Where a protocol takes WebSockets, and what it does with one. */
export interface WebSocketEndpoint {
  /** Paths it answers on: exact, e.g. "/connection/websocket", or everything below a folder, e.g. "/app/*". */
  readonly paths: readonly string[]
  /** Subprotocols it speaks; none offered means the default of `open`. An offer with none of these is refused with 400. */
  readonly subprotocols: readonly string[]
  readonly maxFrameBytes: number
  /**
   * Pages of any origin get a session, which may look at the origin itself. Only for protocols that take no identity
   * from what browsers send by themselves, such as cookies: a foreign page can then do no more than any other client.
   */
  readonly anyOrigin?: boolean
  open(socket: Socket, subprotocol: string | undefined): Session
}

/** Everything the gateway has to know of a protocol. HTTP routes are given to the gateway beside it (a Hono app). */
export interface Protocol {
  readonly endpoints: readonly WebSocketEndpoint[]
}

/**
 * A socket over a streamed HTTP response (http_stream, SSE): made by the gateway so that topics, limits, backpressure
 * and closing work as for WebSocket. `render` wraps one frame as the transport needs it.
 */
export interface StreamOptions {
  readonly handshake: Handshake
  readonly render: (frame: Frame) => string | Uint8Array
  readonly firstBytes?: string
  /** Sent as the last frame before the response ends. */
  readonly farewell: (reason: CloseReason) => Frame
  readonly headers: Record<string, string>
  readonly request: Request
  open(socket: Socket): Session
}

/** What protocols with HTTP transports are handed. */
export interface StreamGateway {
  stream(options: StreamOptions): Response
  /** The handshake of a plain HTTP request (address through trusted proxies). */
  handshake(request: Request, transport: string): Handshake
  /** Undefined: this request's Origin may not talk to us (answer 403). Otherwise the CORS headers to add, possibly none. */
  cors(request: Request): Record<string, string> | undefined
}
