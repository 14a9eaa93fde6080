import { type Context, Hono } from "hono"
import type { Frame } from "../../../core/connection.ts"
import type { Handshake, Socket, StreamGateway } from "../../../gateway/protocol.ts"
import type { Codec } from "../codec/codec.ts"
import { jsonCodec } from "../codec/json-codec.ts"
import { parseObject } from "../codec/json-read.ts"
import { protobufCodec } from "../codec/protobuf-codec.ts"
import { protobufType } from "../codec/protobuf-types.ts"
import { CentrifugeSession, type SessionShared } from "../session/session.ts"
import { readBody, textOf } from "./body.ts"
import { EmulatedSessions } from "./emulation.ts"

const NO_CACHE = {
  "Cache-Control": "private, no-cache, no-store, must-revalidate, max-age=0",
  "X-Accel-Buffering": "no",
}
const PREFLIGHT = { "Access-Control-Allow-Methods": "GET, POST, OPTIONS", "Access-Control-Max-Age": "300" }

interface Opening {
  readonly request: Request
  readonly handshake: Handshake
  readonly codec: Codec
  readonly headers: Record<string, string>
  readonly firstBytes?: string
  readonly render: (frame: Frame) => string | Uint8Array
  /** The connect command, and whatever came with it. */
  readonly firstFrame: Frame
}

/** Bidirectional over HTTP: a stream down, one POST per command frame up. */
export function emulationRoutes(shared: SessionShared, gateway: StreamGateway): Hono {
  const routes = new Hono()
  const sessions = new EmulatedSessions()
  const { config } = shared.parts

  routes.use("/connection/*", (context, next) => withCors(context, next, gateway))
  routes.use("/emulation", (context, next) => withCors(context, next, gateway))
  routes.get("/connection/init", (context) => context.json({}))

  routes.post("/connection/http_stream", async (context) => {
    const request = context.req.raw
    const body = await readBody(request, config.maxFrameBytes)
    if (body === undefined) return context.text("the connect command is too large\n", 413)
    const binary = isBinary(request)
    const text = binary ? "" : textOf(body)
    if (text === undefined) return context.text("the connect command must be UTF-8\n", 400)
    return openStream(shared, gateway, sessions, {
      request,
      handshake: gateway.handshake(request, "http_stream"),
      codec: binary ? protobufCodec : jsonCodec,
      headers: { ...NO_CACHE, "Content-Type": binary ? "application/octet-stream" : "application/json" },
      render: (frame) => (typeof frame === "string" ? `${frame}\n` : frame),
      firstFrame: binary ? body : text,
    })
  })

  routes.on(["GET", "POST"], "/connection/sse", async (context) => {
    const request = context.req.raw
    const firstFrame = await sseConnect(context, config.maxFrameBytes)
    if (firstFrame === undefined) return context.text("cf_connect must hold the connect command\n", 400)
    return openStream(shared, gateway, sessions, {
      request,
      handshake: gateway.handshake(request, "sse"),
      codec: jsonCodec,
      headers: { ...NO_CACHE, "Content-Type": "text/event-stream" },
      firstBytes: "\r\n",
      render: (frame) => sseLines(String(frame)),
      firstFrame,
    })
  })

  routes.post("/emulation", async (context) => {
    const body = await readBody(context.req.raw, config.maxBodyBytes)
    if (body === undefined) return context.text("too large\n", 413)
    const command = isBinary(context.req.raw) ? binaryEmulation(body) : jsonEmulation(body)
    if (command === undefined) return context.text("expected node, session and data\n", 400)
    if (command.node !== shared.parts.node.id) return context.text("no such node\n", 404)
    if (command.frame.length > config.maxFrameBytes) return context.text("too large\n", 413)
    sessions.deliver(command.session, command.frame)
    return context.body(null, 204)
  })

  return routes
}

function openStream(
  shared: SessionShared,
  gateway: StreamGateway,
  sessions: EmulatedSessions,
  { request, handshake, codec, headers, firstBytes, render, firstFrame }: Opening,
): Response {
  const secret = EmulatedSessions.newSecret()
  let session: CentrifugeSession | undefined
  const open = (socket: Socket): CentrifugeSession => {
    session = new CentrifugeSession(shared, {
      socket,
      codec,
      emulation: secret,
      onClosed: () => sessions.remove(secret),
    })
    sessions.add(secret, session)
    return session
  }
  const response = gateway.stream({
    request,
    handshake,
    headers,
    render,
    ...(firstBytes === undefined ? {} : { firstBytes }),
    farewell: ({ code, reason }) => codec.push({ disconnect: { code, reason } }),
    open,
  })
  // Only now does the gateway know the session: what it does first may already be to close.
  session?.frame(firstFrame)
  return response
}

async function withCors(context: Context, next: () => Promise<void>, gateway: StreamGateway) {
  const cors = gateway.cors(context.req.raw)
  if (cors === undefined) return context.text("pages of this origin may not connect here\n", 403)
  if (context.req.method === "OPTIONS") return context.body(null, 204, { ...cors, ...PREFLIGHT })
  await next()
  for (const [name, value] of Object.entries(cors)) context.res.headers.set(name, value)
}

async function sseConnect(context: Context, maxBytes: number): Promise<string | undefined> {
  if (context.req.method === "GET") return context.req.query("cf_connect") || undefined
  const body = await readBody(context.req.raw, maxBytes)
  return (body && textOf(body)) || undefined
}

/** Each object of a frame in an event of its own. */
const sseLines = (frame: string): string =>
  frame
    .split("\n")
    .map((object) => `data: ${object}\n\n`)
    .join("")

const isBinary = (request: Request): boolean =>
  request.headers.get("content-type")?.startsWith("application/octet-stream") ?? false

interface EmulatedCommand {
  readonly session: string
  readonly node: string
  readonly frame: Frame
}

function jsonEmulation(body: Uint8Array): EmulatedCommand | undefined {
  try {
    const { session, node, data } = parseObject(textOf(body) ?? "")
    if (typeof session !== "string" || typeof node !== "string" || typeof data !== "string") return undefined
    return { session, node, frame: data }
  } catch {
    // Malformed, which is the answer.
    return undefined
  }
}

const emulationType = protobufType("EmulationRequest")

function binaryEmulation(body: Uint8Array): EmulatedCommand | undefined {
  try {
    const message = emulationType.decode(body) as unknown as { session: string; node: string; data: Uint8Array }
    return { session: message.session, node: message.node, frame: Uint8Array.from(message.data) }
  } catch {
    // Malformed, which is the answer.
    return undefined
  }
}
