import { type Context, Hono } from "hono"
import type { CloseReason } from "../../../core/close-codes.ts"
import type { Frame } from "../../../core/connection.ts"
import type { Handshake, Session, Socket, StreamGateway } from "../../../gateway/protocol.ts"
import { toPusherClose } from "../session/outlet.ts"
import { REFUSED } from "../session/refused.ts"
import { readBody } from "./body.ts"

/** Where WebSockets do not get through, proxies close quiet streams too. */
const HEARTBEAT_EVERY_MS = 25_000

/** Lines of the transport itself, told from the protocol's messages by a character that JSON never begins with. */
const LINE = "\u0000"

const CORS = { "Access-Control-Allow-Origin": "*", "X-Accel-Buffering": "no", "Cache-Control": "no-store" }
const PREFLIGHT = { ...CORS, "Access-Control-Allow-Headers": "*", "Access-Control-Max-Age": "86400" }

export interface StreamingParts {
  readonly pathPrefix: string
  readonly maxFrameBytes: number
  readonly open: (socket: Socket) => Session
}

/**
 * The transport pusher-js falls back to when no WebSocket gets through: messages come down one streamed response,
 * line by line, and go up by one request each. A stream that its client opens anew (pusher-js does every 256 KB) is
 * a new connection.
 */
export function streamingRoutes({ pathPrefix, maxFrameBytes, open }: StreamingParts, gateway: StreamGateway): Hono {
  const routes = new Hono()
  const path = `${pathPrefix}/pusher/app/:key/:server{\\d{1,3}}/:id{[0-9a-v]{8}}`
  const sessions = new Map<string, Session>()

  routes.on("OPTIONS", [`${path}/xhr_streaming`, `${path}/xhr_send`], () => new Response(null, { headers: PREFLIGHT }))

  routes.post(`${path}/xhr_streaming`, (context) => {
    const name = sessionName(context)
    return gateway.stream({
      request: context.req.raw,
      handshake: asWebSocketPath(
        gateway.handshake(context.req.raw, "xhr_streaming"),
        pathPrefix,
        context.req.param("key") ?? "",
      ),
      headers: { ...CORS, "Content-Type": "application/javascript; charset=UTF-8" },
      firstBytes: "o\n",
      render,
      farewell: (reason) => closeLine(toPusherClose(reason)),
      open: (socket) => {
        const inner = open(socket)
        if (inner === REFUSED) return REFUSED
        const session = new StreamedSession(socket, inner, () => {
          if (sessions.get(name) === session) sessions.delete(name)
        })
        sessions.set(name, session)
        return session
      },
    })
  })

  routes.post(`${path}/xhr_send`, async (context) => {
    const body = await readBody(context.req.raw, maxFrameBytes)
    const messages = body && readMessages(body)
    if (!messages) return new Response("expected a JSON list of messages\n", { status: 400, headers: CORS })
    const session = sessions.get(sessionName(context))
    if (!session) return new Response("this stream is not open\n", { status: 404, headers: CORS })
    for (const message of messages) session.frame(message)
    return new Response(null, { status: 204, headers: CORS })
  })
  return routes
}

/** A session whose line is kept alive; the client's heartbeats are empty lists and say nothing to it. */
class StreamedSession implements Session {
  readonly #socket: Socket
  readonly #inner: Session
  readonly #onClosed: () => void
  #beatAtMs: number | undefined

  constructor(socket: Socket, inner: Session, onClosed: () => void) {
    this.#socket = socket
    this.#inner = inner
    this.#onClosed = onClosed
  }

  frame(frame: Frame): void {
    this.#inner.frame(frame)
  }

  closed(code: number, reason: string): void {
    this.#onClosed()
    this.#inner.closed(code, reason)
  }

  drain(): void {
    this.#inner.drain()
  }

  tick(nowMs: number): void {
    this.#beatAtMs ??= nowMs
    if (nowMs - this.#beatAtMs >= HEARTBEAT_EVERY_MS) {
      this.#beatAtMs = nowMs
      this.#socket.send(`${LINE}h`)
    }
    this.#inner.tick?.(nowMs)
  }
}

function render(frame: Frame): string {
  const text = typeof frame === "string" ? frame : new TextDecoder().decode(frame)
  return text.startsWith(LINE) ? `${text.slice(LINE.length)}\n` : `a${JSON.stringify([text])}\n`
}

const closeLine = ({ code, reason }: CloseReason): string => `${LINE}c${JSON.stringify([code, reason])}`

const sessionName = (context: Context): string =>
  `${context.req.param("key")}/${context.req.param("server")}/${context.req.param("id")}`

/** Sessions read the key where WebSockets have it. */
function asWebSocketPath(handshake: Handshake, pathPrefix: string, key: string): Handshake {
  const url = new URL(handshake.url)
  url.pathname = `${pathPrefix}/app/${encodeURIComponent(key)}`
  return { ...handshake, url }
}

function readMessages(body: Uint8Array): string[] | undefined {
  try {
    const messages: unknown = JSON.parse(Buffer.from(body).toString("utf8"))
    return Array.isArray(messages) && messages.every((one) => typeof one === "string") ? messages : undefined
  } catch {
    return undefined
  }
}
