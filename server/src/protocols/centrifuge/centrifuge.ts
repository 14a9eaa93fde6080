import type { Hono } from "hono"
import type { Handshake, Protocol, Socket, StreamGateway } from "../../gateway/protocol.ts"
import { apiRoutes, publishShortcut } from "./api/routes.ts"
import type { Codec } from "./codec/codec.ts"
import { jsonCodec } from "./codec/json-codec.ts"
import { protobufCodec } from "./codec/protobuf-codec.ts"
import { uniCodec } from "./codec/uni-codec.ts"
import { JSON_FORMAT, UNIDIRECTIONAL_FORMAT } from "./formats.ts"
import { EmulatedSessions } from "./http/emulation.ts"
import { streamRoutes } from "./http/routes.ts"
import type { CentrifugeParts } from "./options.ts"
import { Failures } from "./session/failures.ts"
import { Outbox } from "./session/outbox.ts"
import { CentrifugeSession, type SessionShared } from "./session/session.ts"
import { closeUnshowable } from "./session/unshowable.ts"

export { centrifugeEncoders } from "./encoders.ts"
export type { CentrifugeConfig, CentrifugeParts } from "./options.ts"

const PROTOBUF = "centrifuge-protobuf"
const TEXT_FORMATS = [JSON_FORMAT, UNIDIRECTIONAL_FORMAT]

export interface Centrifuge {
  readonly protocol: Protocol
  /** `/connection/{http_stream,sse,…}`, `/emulation`, `/api` and all below it. */
  routes(gateway: StreamGateway): Hono
  /** Answers the commonest call of the API before any router is asked; undefined: not that call. */
  readonly shortcut: (request: Request) => Promise<Response> | undefined
}

/** The Centrifuge protocol v2: WebSocket, emulated transports, and the server API. */
export function createCentrifuge(parts: CentrifugeParts): Centrifuge {
  const shared: SessionShared = {
    parts,
    outbox: new Outbox(parts.defer),
    failures: new Failures(parts.log, parts.clock),
  }
  parts.encoders.onUnshowable = (channel) => closeUnshowable(parts.channels.hub, channel, TEXT_FORMATS)
  const open = (socket: Socket, subprotocol: string | undefined) =>
    new CentrifugeSession(shared, { socket, codec: codecOf(socket.handshake, subprotocol) })
  return {
    protocol: {
      endpoints: [
        {
          paths: ["/connection/websocket"],
          subprotocols: [PROTOBUF, "centrifuge-json"],
          maxFrameBytes: parts.config.maxFrameBytes,
          open,
        },
        {
          paths: ["/connection/uni_websocket"],
          subprotocols: [],
          maxFrameBytes: parts.config.maxFrameBytes,
          open: (socket) => openUnidirectional(shared, socket),
        },
      ],
    },
    shortcut: publishShortcut(parts),
    routes: (gateway) => streamRoutes(shared, gateway).route("/", apiRoutes(parts)),
  }
}

/** Its connect request comes in the address, or as the first message. */
function openUnidirectional(shared: SessionShared, socket: Socket): CentrifugeSession {
  const session = new CentrifugeSession(shared, { socket, codec: uniCodec, secret: EmulatedSessions.newSecret() })
  const request = socket.handshake.url.searchParams.get("cf_connect")
  // Not before the gateway knows the session: what it does first may be to close.
  if (request) queueMicrotask(() => session.frame(request))
  return session
}

function codecOf({ url }: Handshake, subprotocol: string | undefined): Codec {
  const asked = url.searchParams.get("cf_protocol") ?? url.searchParams.get("format")
  return subprotocol === PROTOBUF || asked === "protobuf" ? protobufCodec : jsonCodec
}
