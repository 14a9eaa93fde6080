import type { Hono } from "hono"
import type { Protocol, Session, Socket, StreamGateway } from "../../gateway/protocol.ts"
import { COUNT_EVERY_MS, Counts } from "./counts.ts"
import { httpRoutes } from "./http/routes.ts"
import { sessionAuthRoutes } from "./http/session-auth.ts"
import { streamingRoutes } from "./http/streaming.ts"
import type { PusherParts } from "./options.ts"
import type { RefusalRecord } from "./refusals.ts"
import { readOpening } from "./session/opening.ts"
import { refuse } from "./session/refused.ts"
import { PusherSession } from "./session/session.ts"
import { Shared } from "./shared.ts"

export { Apps } from "./apps.ts"
export { kindOf } from "./channel-kinds.ts"
export { type PusherEncoders, pusherEncoders } from "./encoders.ts"
export * from "./options.ts"
export type { RefusalRecord } from "./refusals.ts"
export { pusherRules } from "./rules.ts"

export interface Pusher {
  readonly protocol: Protocol
  /** The HTTP API, and the transport for clients whose WebSockets do not get through. */
  routes(gateway: StreamGateway): Hono
  /** What was refused since the start, and why; the latest first. */
  refusals(): readonly RefusalRecord[]
  /** Begins what runs by the clock. @returns ends it */
  start(): () => void
}

/** Pusher Channels, protocol 7 and the older ones that clients still announce. Specification: README.md. */
export function createPusher(parts: PusherParts): Pusher {
  const { apps, channels, clock, config, encoders } = parts
  const shared = new Shared(parts)
  const counts = new Counts(parts)
  channels.observe(counts)
  channels.observe({
    unsubscribed: (channel, count) => {
      if (count === 0) encoders.lastOffsets.delete(channel)
    },
  })
  const open = (socket: Socket): Session => {
    const opening = readOpening(socket.handshake, apps, config)
    if ("app" in opening) return new PusherSession(socket, opening, parts, shared)
    return refuse(socket, opening, shared.refusals)
  }
  return {
    protocol: {
      endpoints: [
        {
          paths: ["app", "s", "r"].map((folder) => `${config.pathPrefix}/${folder}/*`),
          subprotocols: [],
          maxFrameBytes: config.maxFrameBytes,
          anyOrigin: true,
          open,
        },
      ],
    },
    routes: (gateway) => {
      const routes = httpRoutes(parts, shared)
      routes.route("/", sessionAuthRoutes(parts, shared, gateway))
      routes.route("/", streamingRoutes({ ...config, open }, gateway))
      return routes
    },
    refusals: () => shared.refusals.list(),
    start: () => clock.every(COUNT_EVERY_MS, () => counts.tick(clock.nowMs())),
  }
}
