import { randomUUID } from "node:crypto"
import { join } from "node:path"
import { Hono } from "hono"
import packageJson from "../package.json" with { type: "json" }
import { createApiKeys } from "./auth/api-key.ts"
import { byApiKey, byQueryToken, firstOf } from "./auth/identify.ts"
import { createTokens } from "./auth/jwt.ts"
import { createEmbeddedBroker } from "./broker/embedded/embedded.ts"
import { CHAT_RULE } from "./config/channel-rules.ts"
import type { Config } from "./config/schema.ts"
import { Channels } from "./core/channels.ts"
import { Fanout } from "./core/fanout.ts"
import { Presence } from "./core/presence.ts"
import { RuleBook } from "./core/rules.ts"
import { systemClock } from "./gateway/clock.ts"
import { fittingConnections } from "./gateway/descriptors.ts"
import { Gateway } from "./gateway/gateway.ts"
import { healthRoutes } from "./gateway/health-routes.ts"
import { OriginPolicy } from "./gateway/origin.ts"
import { StaticFiles } from "./gateway/static.ts"
import { centrifugeEncoders, createCentrifuge } from "./protocols/centrifuge/centrifuge.ts"
import type { Log } from "./telemetry/log.ts"
import { createMetrics } from "./telemetry/metrics.ts"
import { Readiness } from "./telemetry/readiness.ts"

/** Where the web client is built to. */
const PUBLIC_FOLDER = join(import.meta.dirname, "..", "public")

/** Topics with this many subscribers collect publications for a moment (core/fanout.ts). */
const BUSY_TOPIC_FROM = 32

export interface App {
  readonly url: string
  /** Drains and stops; nothing accepted is lost. */
  stop(): Promise<void>
}

/** Puts the program together from its configuration. The only place that knows every concrete part. */
export async function startApp(config: Config, log: Log): Promise<App> {
  const clock = systemClock
  const gateway = createGateway(config, log)
  const encoders = centrifugeEncoders()
  const fanout = new Fanout(gateway.topics, {
    endOfTurn: (run) => void setImmediate(run),
    soon: (run, delayMs) => void setTimeout(run, delayMs),
    busyFrom: BUSY_TOPIC_FROM,
  })
  const broker = createEmbeddedBroker({
    dataDir: config.data,
    durability: config.broker.durability,
    clock,
    log: log.child({ part: "broker" }),
  })
  const channels = new Channels({
    rules: new RuleBook([...config.channels, CHAT_RULE]),
    log: broker,
    fanout,
    encoders: [encoders.json, encoders.protobuf],
    presence: new Presence(config.limits.presenceGraceMs),
    limits: config.limits,
    clock,
  })
  const tokens = await createTokens(
    {
      keys: {
        hmacSecrets: config.auth.tokenHmacSecrets,
        publicKeys: config.auth.tokenPublicKeys,
        ...(config.auth.jwksUrl === undefined ? {} : { jwks: { url: config.auth.jwksUrl } }),
      },
      ...(config.auth.audience === undefined ? {} : { audience: config.auth.audience }),
      ...(config.auth.issuer === undefined ? {} : { issuer: config.auth.issuer }),
    },
    clock,
  )
  const apiKeys = createApiKeys(config.auth.apiKeys)
  const identify = firstOf([byQueryToken(tokens, (why) => log.info({ why }, "token refused")), byApiKey(apiKeys)])
  const centrifuge = createCentrifuge({
    channels,
    encoders,
    tokens,
    identify,
    clock,
    log: log.child({ part: "centrifuge" }),
    node: { id: randomUUID(), name: "skein", version: packageJson.version, startedAtMs: clock.nowMs() },
    config: centrifugeConfig(config),
    defer: (run) => void setImmediate(run),
    apiKeyMatches: apiKeys.matches,
  })
  gateway.addProtocol(centrifuge.protocol)
  await broker.start({ deliver: channels.deliver, invalidate: channels.invalidate })
  const stops: (() => unknown)[] = [() => broker.stop()]

  try {
    const readiness = new Readiness(() => broker.probe(), clock, log)
    stops.push(await readiness.start())
    stops.push(clock.every(1_000, () => channels.tick(clock.nowMs())))
    const metrics = createMetrics({
      connections: () => gateway.connectionCount,
      users: () => channels.hub.userCount,
      channels: () => channels.hub.channels.size,
      isReady: () => readiness.problem === undefined && !gateway.isDraining,
      broker: () => broker.stats() as unknown as Record<string, number>,
    })
    const pages = await StaticFiles.load({ root: PUBLIC_FOLDER, assetsBaseUrl: config.assets.baseUrl })
    const http = new Hono()
    http.route(
      "/",
      healthRoutes({
        problem: () => readiness.problem,
        isDraining: () => gateway.isDraining,
        metrics: async () => ({ contentType: metrics.contentType, text: await metrics.text() }),
        mayReadMetrics: (request) =>
          gateway.handshake(request, "http").loopback || apiKeys.inRequest(request.headers, new URL(request.url)),
      }),
    )
    http.route("/", centrifuge.routes(gateway))
    gateway.handleHttp((request) => pages.respond(request, new URL(request.url).pathname) ?? http.fetch(request))
    const { host, port } = gateway.start()
    stops.push(() => gateway.stop())
    return {
      url: `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
      stop: () => stopAll(stops, () => gateway.drain(config.drain.windowMs)),
    }
  } catch (error) {
    await stopAll(stops, async () => undefined)
    throw error
  }
}

/** In reverse order of starting: first nobody gets in, last the broker writes what it accepted. */
async function stopAll(stops: readonly (() => unknown)[], drain: () => Promise<void>): Promise<void> {
  await drain()
  for (const stop of [...stops].reverse()) await stop()
}

function createGateway({ server, limits }: Config, log: Log): Gateway {
  return new Gateway({
    host: server.host,
    port: server.port,
    outboundBufferBytes: limits.maxOutboundBytes,
    maxRequestBodyBytes: limits.maxRequestBytes,
    idleTimeoutSeconds: Math.ceil(limits.idleTimeoutMs / 1_000),
    maxConnections: fittingConnections(limits.maxConnections),
    maxConnectionsPerAddress: limits.maxConnectionsPerIp,
    origins: new OriginPolicy(server.origins),
    clock: systemClock,
    log: log.child({ part: "gateway" }),
  })
}

function centrifugeConfig({ limits, auth }: Config) {
  return {
    pingIntervalMs: limits.pingIntervalMs,
    pongTimeoutMs: limits.pongTimeoutMs,
    connectTimeoutMs: limits.connectTimeoutMs,
    expiryGraceMs: 25_000,
    maxFrameBytes: limits.maxFrameBytes,
    maxCommandsInFlight: 64,
    maxBacklogBytes: 4 * limits.maxFrameBytes,
    commandsPerSecond: limits.messagesPerSecond,
    commandBurst: limits.messageBurst,
    allowAnonymous: auth.allowAnonymous,
    maxBodyBytes: limits.maxRequestBytes,
  }
}
