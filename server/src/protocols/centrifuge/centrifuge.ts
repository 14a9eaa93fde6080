import type { Hono } from "hono"
import type { Handshake, Protocol, Socket, StreamGateway } from "../../gateway/protocol.ts"
import { apiRoutes } from "./api/routes.ts"
import type { Codec } from "./codec/codec.ts"
import { jsonCodec } from "./codec/json-codec.ts"
import { protobufCodec } from "./codec/protobuf-codec.ts"
import { JSON_FORMAT } from "./encoders.ts"
import { emulationRoutes } from "./http/routes.ts"
import type { CentrifugeParts } from "./options.ts"
import { Outbox } from "./session/outbox.ts"
import { CentrifugeSession } from "./session/session.ts"
import { closeUnshowable } from "./session/unshowable.ts"

export { centrifugeEncoders } from "./encoders.ts"
export { type CentrifugeConfig, type CentrifugeParts, DEFAULT_CONFIG } from "./options.ts"

const PROTOBUF = "centrifuge-protobuf"

export interface Centrifuge {
  readonly protocol: Protocol
  /** `/connection/{http_stream,sse,…}`, `/emulation`, `/api` and all below it. */
  routes(gateway: StreamGateway): Hono
}

/** The Centrifuge protocol v2: WebSocket, emulated transports, and the server API. */
export function createCentrifuge(parts: CentrifugeParts): Centrifuge {
  const shared = { parts, outbox: new Outbox(parts.defer) }
  parts.encoders.onUnshowable = (channel) => closeUnshowable(parts.channels.hub, channel, JSON_FORMAT)
  const open = (socket: Socket, subprotocol: string | undefined) =>
    new CentrifugeSession(shared, { socket, codec: codecOf(socket.handshake, subprotocol) })
  return {
    protocol: {
      name: "centrifuge",
      encoders: [parts.encoders.json, parts.encoders.protobuf],
      endpoints: [
        {
          paths: ["/connection/websocket"],
          subprotocols: [PROTOBUF, "centrifuge-json"],
          maxFrameBytes: parts.config.maxFrameBytes,
          open,
        },
      ],
    },
    routes: (gateway) => emulationRoutes(shared, gateway).route("/", apiRoutes(parts)),
  }
}

function codecOf({ url }: Handshake, subprotocol: string | undefined): Codec {
  const asked = url.searchParams.get("cf_protocol") ?? url.searchParams.get("format")
  return subprotocol === PROTOBUF || asked === "protobuf" ? protobufCodec : jsonCodec
}
