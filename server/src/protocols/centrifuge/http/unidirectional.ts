import { Hono } from "hono"
import type { StreamGateway } from "../../../gateway/protocol.ts"
import { uniCodec } from "../codec/uni-codec.ts"
import type { SessionShared } from "../session/session.ts"
import { connectText } from "./connect-text.ts"
import { EmulatedSessions } from "./emulation.ts"
import { openStream, renderEvents, renderLines, STREAM_HEADERS } from "./opening.ts"

const KINDS = {
  uni_sse: { contentType: "text/event-stream", firstBytes: "\r\n", render: renderEvents },
  uni_http_stream: { contentType: "application/json", firstBytes: "", render: renderLines },
} as const

/** Streams of pushes for clients without an SDK: EventSource, curl. */
export function unidirectionalRoutes(shared: SessionShared, gateway: StreamGateway): Hono {
  const routes = new Hono()
  const { config } = shared.parts
  const sessions = new EmulatedSessions()

  const serve = (name: keyof typeof KINDS) => {
    const { contentType, firstBytes, render } = KINDS[name]
    routes.on(["GET", "POST"], `/connection/${name}`, async (context) => {
      const firstFrame = await connectText(context, config.maxFrameBytes)
      if (firstFrame instanceof Response) return firstFrame
      return openStream(shared, gateway, sessions, {
        request: context.req.raw,
        handshake: gateway.handshake(context.req.raw, name),
        codec: uniCodec,
        headers: { ...STREAM_HEADERS, "Content-Type": contentType },
        firstBytes,
        render,
        firstFrame,
      })
    })
  }
  if (config.sse) serve("uni_sse")
  if (config.httpStream) serve("uni_http_stream")
  return routes
}
