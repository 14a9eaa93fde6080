import type { Server } from "bun"
import type { Clock } from "../core/clock.ts"
import { CLOSE } from "../core/close-codes.ts"
import type { Logger } from "../core/logger.ts"
import { Admission, type AdmissionLimits } from "./admission.ts"
import { type CloseLabel, Closes } from "./closes.ts"
import { Deadlines } from "./deadline.ts"
import { Endpoints } from "./endpoints.ts"
import type { ForwardedAddresses, Forwarding } from "./forwarded.ts"
import { KeptHandshake } from "./kept-handshake.ts"
import { type OriginPolicy, originAdvice } from "./origin.ts"
import { Overflow } from "./overflow.ts"
import type { Handshake, Protocol, StreamGateway, StreamOptions } from "./protocol.ts"
import { Roster } from "./roster.ts"
import { StreamSocket } from "./stream-socket.ts"
import { negotiateSubprotocol } from "./subprotocol.ts"
import { Topics } from "./topics.ts"
import { wantsWebSocket } from "./upgrade-request.ts"
import { WebSocketSocket } from "./websocket-socket.ts"

/** Bun cuts a body off without a word, at this many times what handlers take: in between they can say what is wrong. */
const CUT_OFF_FACTOR = 8

/** Where to listen, what to bound, and what the gateway asks others. */
export interface GatewayOptions extends AdmissionLimits {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** A connection whose client has not taken this much is closed as a slow consumer. */
  readonly outboundBufferBytes: number
  /** Handlers refuse larger bodies, in words. Of one several times as large the connection is cut with an empty 413. */
  readonly maxRequestBodyBytes: number
  /** A request that takes longer to arrive is cut, and so is a connection that asks for nothing. 1–255 s. */
  readonly handshakeTimeoutSeconds: number
  /** A request whose handler has not answered by then is answered with 503. */
  readonly requestTimeoutMs: number
  /** A WebSocket that is silent this long (pings unanswered too) is gone. 8–960 s. */
  readonly idleTimeoutSeconds: number
  readonly origins: OriginPolicy
  readonly addresses: ForwardedAddresses
  readonly clock: Clock
  readonly log: Logger
}

/** Answers everything that is not a WebSocket upgrade. */
export type HttpHandler = (request: Request) => Response | Promise<Response>

type NativeServer = Server<WebSocketSocket>

/**
 * The edge of the machine: `Bun.serve`, upgrades, native topics, streamed responses, limits, draining.
 * Knows protocols only as endpoints with sessions.
 */
export class Gateway implements StreamGateway {
  readonly #overflow = new Overflow()
  readonly topics = new Topics(this.#overflow)
  readonly #options: GatewayOptions
  readonly #admission: Admission
  readonly #deadlines: Deadlines
  readonly #roster = new Roster()
  readonly #endpoints = new Endpoints()
  readonly #closes = new Closes(this.#overflow)
  readonly #streaming = new WeakSet<Request>()
  #http: HttpHandler = () => new Response("Not found\n", { status: 404 })
  #server: NativeServer | undefined
  #stopTicking: () => void = () => undefined

  constructor(options: GatewayOptions) {
    this.#options = options
    this.#admission = new Admission(options)
    this.#deadlines = new Deadlines(options.requestTimeoutMs, options.clock)
  }

  addProtocol(protocol: Protocol): void {
    this.#endpoints.add(protocol)
  }

  handleHttp(handler: HttpHandler): void {
    this.#http = handler
  }

  /** @throws the listen error of the system (EADDRINUSE, EACCES …) */
  start(): { host: string; port: number } {
    const { host, port, clock } = this.#options
    this.#server = Bun.serve<WebSocketSocket>({
      hostname: host,
      port,
      development: false,
      // With development off, Bun 1.4.4 would otherwise share the port with another server and each get half of the clients.
      reusePort: false,
      idleTimeout: this.#options.handshakeTimeoutSeconds,
      maxRequestBodySize: CUT_OFF_FACTOR * this.#options.maxRequestBodyBytes,
      fetch: (request, server) => this.#fetch(request, server),
      error: (error) => this.#failed(error),
      websocket: {
        ...this.#websocketLimits(),
        open: (ws) => ws.data.opened(ws),
        message: (ws, message) => this.#received(ws.data, message),
        ping: (ws) => ws.data.session?.heard?.(),
        pong: (ws) => ws.data.session?.heard?.(),
        close: (ws, code, reason) => this.#closed(ws.data, code, reason),
        // Types of Bun 1.4.4 do not list it; without it a throw in a handler ends the process.
        ...{ error: (error: unknown) => void this.#failed(error) },
      },
    })
    this.topics.attach(this.#server)
    this.#stopTicking = clock.every(Roster.tickEveryMs, () => {
      this.#roster.tick(clock.nowMs())
      this.#deadlines.sweep()
    })
    return { host: this.#server.hostname ?? host, port: this.#server.port ?? port }
  }

  get connectionCount(): number {
    return this.#admission.open
  }

  /** WebSockets that have ended, by close code. 1006: the connection was lost; 3008: cut as a slow consumer. */
  get closes(): ReadonlyMap<CloseLabel, number> {
    return this.#closes.counts
  }

  /** Requests for a connection that were not let in, by HTTP status. */
  get refusals(): ReadonlyMap<number, number> {
    return this.#admission.refusals
  }

  get isDraining(): boolean {
    return this.#admission.isDraining
  }

  /**
   * Refuses new connections and ends the open ones over `windowMs`, in equal batches, so that their clients do not all
   * come back at the same moment (promise P8).
   */
  async drain(windowMs: number): Promise<void> {
    this.#admission.drain()
    const holders = [...this.#roster.holders()]
    const { clock } = this.#options
    const batches = Math.max(1, Math.min(20, Math.ceil(holders.length / 50)))
    const size = Math.ceil(holders.length / batches)
    for (let batch = 0; batch < batches; batch++) {
      for (const { session } of holders.slice(batch * size, (batch + 1) * size)) session?.drain()
      if (batch < batches - 1) await new Promise<void>((done) => clock.after(windowMs / batches, done))
    }
  }

  async stop(): Promise<void> {
    this.#stopTicking()
    await this.#server?.stop(true)
  }

  // --- what protocols with HTTP transports use -------------------------------------------------

  stream(options: StreamOptions): Response {
    const { address } = options.handshake
    const refusal = this.#admission.enter(address)
    if (refusal) return plainText(refusal.message, refusal.status)
    const socket = new StreamSocket(options, this.topics, this.#options.outboundBufferBytes, (gone) => {
      this.#roster.remove(gone)
      this.#admission.leave(address)
    })
    this.#roster.add(socket)
    // The HTTP idle time-out would cut a quiet stream; the session's pings find dead peers.
    this.#server?.timeout(options.request, 0)
    this.#streaming.add(options.request)
    options.request.signal.addEventListener("abort", () => socket.aborted())
    return new Response(socket.body(), { headers: options.headers })
  }

  handshake(request: Request, transport: string): Handshake {
    const peer = this.#server?.requestIP(request)?.address ?? ""
    return {
      ...this.#options.addresses.of(peer, request.headers),
      url: new URL(request.url),
      headers: request.headers,
      transport,
    }
  }

  /** What proxies on the way said about this request, for `skein doctor`. */
  way(request: Request): { readonly forwarded: Forwarding; readonly secure: boolean } {
    const peer = this.#server?.requestIP(request)?.address ?? ""
    const { addresses } = this.#options
    return {
      forwarded: addresses.forwarding(peer, request.headers),
      secure: addresses.of(peer, request.headers).secure,
    }
  }

  cors(request: Request): Record<string, string> | undefined {
    return this.#options.origins.cors(request.headers)
  }

  // --- inside ----------------------------------------------------------------------------------

  #websocketLimits() {
    return {
      maxPayloadLength: this.#endpoints.maxFrameBytes,
      backpressureLimit: this.#options.outboundBufferBytes,
      closeOnBackpressureLimit: true,
      idleTimeout: this.#options.idleTimeoutSeconds,
      sendPings: true,
      perMessageDeflate: false,
      publishToSelf: false,
    }
  }

  #fetch(request: Request, server: NativeServer): Response | Promise<Response> | undefined {
    if (wantsWebSocket(request)) return this.#upgrade(request, server)
    const answer = this.#missesUpgrade(request) ?? this.#http(request)
    if (answer instanceof Response) return answer
    return hasBody(request) ? this.#deadlines.within(answer) : this.#withoutIdleTimeout(request, server, answer)
  }

  /** Bun counts waiting for our answer as idling and would cut the connection before the deadline has an answer. */
  async #withoutIdleTimeout(request: Request, server: NativeServer, answer: Promise<Response>): Promise<Response> {
    server.timeout(request, 0)
    try {
      return await this.#deadlines.within(answer)
    } finally {
      if (!this.#streaming.has(request)) server.timeout(request, this.#options.handshakeTimeoutSeconds)
    }
  }

  /** A WebSocket's address asked for without an upgrade: a page that uses fetch, or a proxy that took the headers away. */
  #missesUpgrade({ method, url }: Request): Response | undefined {
    const { pathname } = new URL(url)
    if (method !== "GET" || pathname === "/" || !this.#endpoints.at(pathname)) return undefined
    return plainText(
      "this is the address of a WebSocket, and the request came without the header Upgrade: websocket; if a WebSocket was opened, a proxy on the way took it away",
      426,
      { Upgrade: "websocket" },
    )
  }

  #upgrade(request: Request, server: NativeServer): Response | undefined {
    const handshake = this.handshake(request, "websocket")
    const endpoint = this.#endpoints.at(handshake.url.pathname)
    if (!endpoint) return plainText("no WebSocket endpoint at this path", 404)
    if (!endpoint.anyOrigin && !this.#options.origins.allows(request.headers)) {
      const origin = request.headers.get("origin")
      const advice = originAdvice(origin)
      this.#options.log.warn(
        { origin, address: handshake.address },
        `refused a WebSocket, origin not allowed: ${advice}`,
      )
      return plainText(advice, 403)
    }
    const negotiation = negotiateSubprotocol(request.headers.get("sec-websocket-protocol"), endpoint.subprotocols)
    if ("refused" in negotiation) return plainText(negotiation.refused, 400)
    const refusal = this.#admission.enter(handshake.address)
    if (refusal) return plainText(refusal.message, refusal.status)
    const { chosen } = negotiation
    // Bun echoes whatever was offered unless we say otherwise.
    if (chosen === undefined) request.headers.delete("sec-websocket-protocol")
    const socket = new WebSocketSocket(endpoint, chosen, new KeptHandshake(handshake), this.#overflow)
    const headers = chosen === undefined ? {} : { headers: { "Sec-WebSocket-Protocol": chosen } }
    // Before its session is opened, which may close it at once: added after that, it would stay for ever.
    this.#roster.add(socket)
    if (server.upgrade(request, { data: socket, ...headers })) return undefined
    this.#roster.remove(socket)
    this.#admission.leave(handshake.address)
    return plainText("not a valid WebSocket handshake (Sec-WebSocket-Key missing or malformed?)", 400)
  }

  #received(socket: WebSocketSocket, message: string | Buffer): void {
    const { endpoint, session } = socket
    // Text is measured in UTF-16 units here, never more than its bytes; Bun has checked the exact global limit.
    if (message.length > endpoint.maxFrameBytes) socket.close({ code: 1009, reason: "message size limit" })
    else session?.frame(message)
  }

  #closed(socket: WebSocketSocket, code: number, reason: string): void {
    socket.gone()
    this.#countEnd(socket, code, reason)
    this.#roster.remove(socket)
    this.#admission.leave(socket.handshake.address)
    const session = socket.session
    socket.session = undefined
    session?.closed(code, reason)
  }

  #countEnd({ handshake, ownCode }: WebSocketSocket, code: number, reason: string): void {
    if (this.#closes.count({ code, reason, ownCode }) !== CLOSE.slow.code) return
    const { address, url } = handshake
    this.#options.log.info({ address, path: url.pathname }, "closed a client that did not read what was sent to it")
  }

  #failed(error: unknown): Response {
    this.#options.log.error({ err: error }, "a handler threw: this is a bug of the server")
    return plainText("internal server error", 500)
  }
}

/** A request whose body is still to come keeps Bun's idle time-out, which cuts a body that is sent too slowly. */
function hasBody({ headers }: Request): boolean {
  return (headers.get("content-length") ?? "0") !== "0" || headers.has("transfer-encoding")
}

const plainText = (text: string, status: number, headers: Record<string, string> = {}): Response =>
  new Response(`${text}\n`, {
    status,
    headers: { "Content-Type": "text/plain; charset=utf-8", Connection: "close", ...headers },
  })
