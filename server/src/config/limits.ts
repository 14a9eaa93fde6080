import { z } from "zod"
import { duration, integer, openInteger } from "./fields.ts"

const KIB = 1_024
const MIB = 1_024 * KIB

/** Promise P6: everything a stranger can make the server hold or do is bounded here. */
export const limitsSchema = z.strictObject({
  maxFrameBytes: integer("Largest frame a client may send; a larger one closes the connection.", {
    default: 128 * KIB,
    min: KIB,
    max: 16 * MIB,
    unit: "bytes",
  }),
  maxPayloadBytes: integer("Largest payload of one publication, from clients and from the back end.", {
    default: 128 * KIB,
    min: 64,
    max: 16 * MIB,
    unit: "bytes",
  }),
  maxRequestBytes: integer(
    "Largest body of an HTTP request. Its headers may have 16 KiB and 198 fields; those bounds are fixed.",
    {
      default: MIB,
      min: KIB,
      max: 128 * MIB,
      unit: "bytes",
    },
  ),
  maxOutboundBytes: integer(
    "Bytes waiting for one client that reads too slowly. Beyond that, the client is closed as a slow consumer and recovers from its position. A recovery that would bring more is refused, and the client is told; a page of history ends at half of it.",
    { default: 2 * MIB, min: 16 * KIB, max: 64 * MIB, unit: "bytes" },
  ),
  maxChannelsPerConnection: integer("Channels one connection may be subscribed to.", {
    default: 128,
    min: 1,
    max: 100_000,
  }),
  maxChannelLength: integer("Longest channel name.", { default: 255, min: 16, max: 1_024, unit: "bytes" }),
  maxHistoryPage: integer("Publications in one page of history; also the furthest a recovery reaches back.", {
    default: 1_000,
    min: 1,
    max: 10_000,
    unit: "publications",
  }),
  maxConnections: integer(
    "Connections of this process. It is lowered to 90 % of the open files the system allows the process.",
    { default: 100_000, min: 1, max: 10_000_000 },
  ),
  maxConnectionsPerUser: openInteger("Connections of one user. Anonymous connections do not count.", {
    defaultNote: "64 in production, in development whatever `limits.max_connections` is",
    min: 1,
    max: 10_000_000,
  }),
  maxConnectionsPerIp: integer(
    "Connections from one address (an IPv6 address counts by its /64 network). Loopback does not count.",
    { default: 1_000, min: 1, max: 10_000_000 },
  ),
  messagesPerSecond: integer("Commands and messages per second one connection may send in the long run.", {
    default: 200,
    min: 1,
    max: 1_000_000,
  }),
  messageBurst: integer("Commands and messages one connection may send at once.", {
    default: 1_000,
    min: 1,
    max: 1_000_000,
  }),
  subscribesPerSecond: integer("Subscribe commands per second of one connection in the long run.", {
    default: 100,
    min: 1,
    max: 1_000_000,
  }),
  subscribeBurst: integer("Subscribe commands of one connection at once.", { default: 256, min: 1, max: 1_000_000 }),
  connectTimeoutMs: duration("Time from the open socket to an accepted connect command.", {
    default: "10s",
    min: "100ms",
    max: "5m",
  }),
  handshakeTimeoutMs: duration(
    "A request or handshake whose headers or body take longer to arrive is cut (to within 4 s), and so is a connection that asks for nothing.",
    { default: "10s", min: "1s", max: "4m" },
  ),
  requestTimeoutMs: duration(
    "An HTTP request that is not answered by then is answered with 503. Streams count until they begin.",
    { default: "30s", min: "1s", max: "10m" },
  ),
  idleTimeoutMs: duration(
    "A plain WebSocket that has answered pings before and is then silent for this long is closed. Clients of the other protocols have pong_timeout. Must be above ping_interval.",
    { default: "60s", min: "8s", max: "16m" },
  ),
  pingIntervalMs: duration("How often the server pings each connection.", { default: "25s", min: "1s", max: "10m" }),
  pongTimeoutMs: duration("A client that has not answered a ping this long is closed. Must be below ping_interval.", {
    default: "8s",
    min: "500ms",
    max: "5m",
  }),
  presenceGraceMs: duration(
    "How long a dropped connection stays present, so that members do not flicker when they change pages.",
    {
      default: "5s",
      min: "0s",
      max: "5m",
    },
  ),
})
