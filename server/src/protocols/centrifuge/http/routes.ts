import { Hono } from "hono"
import type { Frame } from "../../../core/connection.ts"
import type { StreamGateway } from "../../../gateway/protocol.ts"
import { jsonCodec } from "../codec/json-codec.ts"
import { parseObject } from "../codec/json-read.ts"
import { protobufCodec } from "../codec/protobuf-codec.ts"
import { protobufType } from "../codec/protobuf-types.ts"
import type { SessionShared } from "../session/session.ts"
import { readBody, textOf } from "./body.ts"
import { connectText, onlyListens } from "./connect-text.ts"
import { withCors } from "./cors.ts"
import { EmulatedSessions } from "./emulation.ts"
import { openStream, renderEvents, renderLines, STREAM_HEADERS } from "./opening.ts"
import { unidirectionalRoutes } from "./unidirectional.ts"

/** Bidirectional over HTTP: a stream down, one POST per command frame up. And the streams that only go down. */
export function streamRoutes(shared: SessionShared, gateway: StreamGateway): Hono {
  const routes = new Hono()
  const sessions = new EmulatedSessions()
  const { config } = shared.parts

  routes.use("/connection/*", (context, next) => withCors(context, next, gateway))
  routes.use("/emulation", (context, next) => withCors(context, next, gateway))
  routes.get("/connection/init", (context) => context.json({}))
  if (config.httpStream) addHttpStream(routes, shared, gateway, sessions)
  if (config.sse) addSse(routes, shared, gateway, sessions)
  if (config.httpStream || config.sse) addEmulation(routes, shared, sessions)
  return routes.route("/", unidirectionalRoutes(shared, gateway))
}

function addHttpStream(routes: Hono, shared: SessionShared, gateway: StreamGateway, sessions: EmulatedSessions): void {
  const { maxFrameBytes } = shared.parts.config
  routes.post("/connection/http_stream", async (context) => {
    const request = context.req.raw
    const binary = isBinary(request)
    const firstFrame = binary ? await readBody(request, maxFrameBytes) : await connectText(context, maxFrameBytes)
    if (firstFrame === undefined) return context.text("the connect command is too large\n", 413)
    if (firstFrame instanceof Response) return firstFrame
    return openStream(shared, gateway, sessions, {
      request,
      handshake: gateway.handshake(request, "http_stream"),
      codec: binary ? protobufCodec : jsonCodec,
      headers: { ...STREAM_HEADERS, "Content-Type": binary ? "application/octet-stream" : "application/json" },
      render: renderLines,
      firstFrame,
    })
  })
  takesPostOnly(routes, "/connection/http_stream")
}

/** Answers other methods at this path. Call after the route itself was added. */
function takesPostOnly(routes: Hono, path: string): void {
  routes.all(path, (context) => context.text("this address takes POST only\n", 405, { Allow: "POST" }))
}

function addSse(routes: Hono, shared: SessionShared, gateway: StreamGateway, sessions: EmulatedSessions): void {
  routes.on(["GET", "POST"], "/connection/sse", async (context) => {
    const firstFrame = await connectText(context, shared.parts.config.maxFrameBytes)
    if (firstFrame instanceof Response) return firstFrame
    if (context.req.method === "GET" && !onlyListens(firstFrame))
      return context.text("an address may connect and subscribe; all else goes to /emulation by POST\n", 400)
    return openStream(shared, gateway, sessions, {
      request: context.req.raw,
      handshake: gateway.handshake(context.req.raw, "sse"),
      codec: jsonCodec,
      headers: { ...STREAM_HEADERS, "Content-Type": "text/event-stream" },
      firstBytes: "\r\n",
      render: renderEvents,
      firstFrame,
    })
  })
}

function addEmulation(routes: Hono, { parts }: SessionShared, sessions: EmulatedSessions): void {
  routes.post("/emulation", async (context) => {
    const body = await readBody(context.req.raw, parts.config.maxBodyBytes)
    if (body === undefined) return context.text("too large\n", 413)
    const command = isBinary(context.req.raw) ? binaryEmulation(body) : jsonEmulation(body)
    if (command === undefined) return context.text("expected node, session and data\n", 400)
    if (command.node !== parts.node.id) return context.text("no such node\n", 404)
    if (command.frame.length > parts.config.maxFrameBytes) return context.text("too large\n", 413)
    sessions.deliver(command.session, command.frame)
    return context.body(null, 204)
  })
  takesPostOnly(routes, "/emulation")
}

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
