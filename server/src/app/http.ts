import { Hono } from "hono"
import type { Chat } from "../chat/chat.ts"
import { isHangUp } from "../core/errors.ts"
import type { HttpHandler } from "../gateway/gateway.ts"
import { healthRoutes } from "../gateway/health-routes.ts"
import type { StaticFiles } from "../gateway/static.ts"
import type { Centrifuge } from "../protocols/centrifuge/centrifuge.ts"
import type { Pusher } from "../protocols/pusher/pusher.ts"
import { createMetrics } from "../telemetry/metrics.ts"
import type { Readiness } from "../telemetry/readiness.ts"
import type { Identities } from "./identity.ts"
import type { Node } from "./node.ts"
import type { PusherStatus } from "./pusher-status.ts"

/** What the routes are made of. */
export interface HttpParts {
  readonly node: Node
  readonly identities: Identities
  readonly readiness: Readiness
  readonly centrifuge: Centrifuge
  /** Absent: switched off. */
  readonly pusher: Pusher | undefined
  /** By app. */
  readonly pusherFigures: () => ReadonlyMap<string, Readonly<Record<string, number>>>
  /** Undefined: switched off. */
  readonly pusherStatus: () => PusherStatus | undefined
  readonly chat: Chat | undefined
  readonly pages: StaticFiles
}

/** Everything of the port that is not a WebSocket. */
export function createHttp(parts: HttpParts): HttpHandler {
  const { node, centrifuge, pusher, chat, pages } = parts
  const routes = new Hono()
  routes.onError((error) => {
    if (isHangUp(error)) return new Response(null, { status: 400 })
    throw error
  })
  routes.route("/", centrifuge.routes(node.gateway))
  if (pusher) routes.route("/", pusher.routes(node.gateway))
  if (chat) routes.route("/", chat.routes())
  routes.route("/", health(parts))
  return (request) => centrifuge.shortcut(request) ?? page(pages, request) ?? routes.fetch(request)
}

/** Calls of the API, which come by the thousand, are not looked up among the pages. */
function page(pages: StaticFiles, request: Request): Response | undefined {
  if (request.method !== "GET" && request.method !== "HEAD") return undefined
  return pages.respond(request, new URL(request.url).pathname)
}

function health({ node, identities, readiness, pusherFigures, pusherStatus }: HttpParts): Hono {
  const { gateway, channels, broker } = node
  const metrics = createMetrics({
    connections: () => gateway.connectionCount,
    users: () => channels.hub.userCount,
    channels: () => channels.hub.channels.size,
    isReady: () => readiness.problem === undefined && !gateway.isDraining,
    closes: () => gateway.closes,
    admissionRefusals: () => gateway.refusals,
    broker: () => snakeNumbers(broker.stats()),
    pusherApps: pusherFigures,
  })
  return healthRoutes({
    problem: () => readiness.problem,
    isDraining: () => gateway.isDraining,
    metrics: async () => ({ contentType: metrics.contentType, text: await metrics.text() }),
    pusherStatus,
    way: (request) => gateway.way(request),
    mayReadMetrics: (request) =>
      gateway.handshake(request, "http").loopback ||
      identities.apiKeys.inRequest(request.headers, new URL(request.url)),
  })
}

/** Numbers only, also those one level down, named as Prometheus names things. */
function snakeNumbers(stats: object, prefix = ""): Record<string, number> {
  const named: Record<string, number> = {}
  for (const [key, value] of Object.entries(stats)) {
    const name = `${prefix}${key.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`)}`
    if (typeof value === "number") named[name] = value
    else if (typeof value === "object" && value !== null && prefix === "")
      Object.assign(named, snakeNumbers(value, `${name}_`))
  }
  return named
}
