import type { Frame } from "../../../core/connection.ts"
import type { Handshake, Socket, StreamGateway } from "../../../gateway/protocol.ts"
import type { Codec } from "../codec/codec.ts"
import { CentrifugeSession, type SessionShared } from "../session/session.ts"
import { EmulatedSessions } from "./emulation.ts"

export const STREAM_HEADERS = {
  "Cache-Control": "private, no-cache, no-store, must-revalidate, max-age=0",
  "X-Accel-Buffering": "no",
  // A stream carries text of users: no browser may take it for a page.
  "X-Content-Type-Options": "nosniff",
}

/** A request that opens a stream, and how the stream is written. */
export interface Opening {
  readonly request: Request
  readonly handshake: Handshake
  readonly codec: Codec
  readonly headers: Record<string, string>
  readonly firstBytes?: string
  readonly render: (frame: Frame) => string | Uint8Array
  /** The connect command, and whatever came with it. */
  readonly firstFrame: Frame
}

/** A session whose way to the client is the response to this request. */
export function openStream(
  shared: SessionShared,
  gateway: StreamGateway,
  sessions: EmulatedSessions,
  { request, handshake, codec, headers, firstBytes, render, firstFrame }: Opening,
): Response {
  const secret = EmulatedSessions.newSecret()
  let session: CentrifugeSession | undefined
  const open = (socket: Socket): CentrifugeSession => {
    session = new CentrifugeSession(shared, { socket, codec, secret, onClosed: () => sessions.remove(secret) })
    if (!session.isUnidirectional) sessions.add(secret, session)
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

/** Each object of a frame on a line of its own. */
export const renderLines = (frame: Frame): string | Uint8Array => (typeof frame === "string" ? `${frame}\n` : frame)

/** Each object of a frame in an event of its own. */
export const renderEvents = (frame: Frame): string =>
  String(frame)
    .split("\n")
    .map((object) => `data: ${object}\n\n`)
    .join("")
