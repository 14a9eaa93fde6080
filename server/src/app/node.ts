import { createEmbeddedBroker, type EmbeddedBroker } from "../broker/embedded/embedded.ts"
import { CHAT_RULE } from "../config/channel-rules.ts"
import type { Config } from "../config/config.ts"
import { Channels } from "../core/channels.ts"
import type { Clock } from "../core/clock.ts"
import { type Encoder, Fanout } from "../core/fanout.ts"
import { Presence } from "../core/presence.ts"
import { type ChannelRule, RuleBook } from "../core/rules.ts"
import { fittingConnections } from "../gateway/descriptors.ts"
import { ForwardedAddresses } from "../gateway/forwarded.ts"
import { Gateway } from "../gateway/gateway.ts"
import { OriginPolicy } from "../gateway/origin.ts"
import type { Log } from "../telemetry/log.ts"

/** Topics with this many subscribers collect publications for a moment (core/fanout.ts). */
const BUSY_TOPIC_FROM = 32

/** In development the site's own pages come from another port of this machine (`php -S`, `artisan serve`, Vite). */
const LOCAL_PAGES = ["localhost", "*.localhost", "127.0.0.1", "[::1]"].flatMap((host) =>
  ["http", "https"].flatMap((scheme) => [`${scheme}://${host}`, `${scheme}://${host}:*`]),
)

/** The edge, the core and the log of one node. */
export interface Node {
  readonly gateway: Gateway
  readonly origins: OriginPolicy
  readonly broker: EmbeddedBroker
  readonly channels: Channels
  readonly fanout: Fanout
}

export interface NodeParts {
  readonly config: Config
  readonly encoders: readonly Encoder[]
  /** Rules that protocols bring along. Configured ones of the same pattern win. */
  readonly protocolRules: readonly ChannelRule[]
  readonly clock: Clock
  readonly log: Log
}

export function createNode({ config, encoders, protocolRules, clock, log }: NodeParts): Node {
  const isDevelopment = config.mode === "development"
  const origins = new OriginPolicy([...config.server.origins, ...(isDevelopment ? LOCAL_PAGES : [])], {
    isThisMachineOnly: isDevelopment,
  })
  const gateway = createGateway(config, origins, clock, log)
  const fanout = new Fanout(gateway.topics, {
    endOfTurn: (run) => void setImmediate(run),
    soon: (run, delayMs) => void setTimeout(run, delayMs),
    nowMs: () => performance.now(),
    busyFrom: BUSY_TOPIC_FROM,
  })
  const rules = [...config.channels, CHAT_RULE, ...protocolRules]
  const broker = createEmbeddedBroker({
    dataDir: config.data,
    durability: config.broker.durability,
    clock,
    log: log.child({ part: "broker" }),
    rules,
    limits: {
      queueCount: config.broker.maxQueuedPublications,
      queueBytes: config.broker.maxQueuedBytes,
    },
  })
  const channels = new Channels({
    rules: new RuleBook(rules),
    log: broker,
    fanout,
    encoders,
    presence: new Presence(config.limits.presenceGraceMs),
    limits: config.limits,
    clock,
  })
  return { gateway, origins, broker, channels, fanout }
}

function createGateway({ server, limits }: Config, origins: OriginPolicy, clock: Clock, log: Log): Gateway {
  return new Gateway({
    host: server.host,
    port: server.port,
    outboundBufferBytes: limits.maxOutboundBytes,
    maxRequestBodyBytes: limits.maxRequestBytes,
    handshakeTimeoutSeconds: Math.ceil(limits.handshakeTimeoutMs / 1_000),
    requestTimeoutMs: limits.requestTimeoutMs,
    idleTimeoutSeconds: Math.ceil(limits.idleTimeoutMs / 1_000),
    maxConnections: fittingConnections(limits.maxConnections),
    maxConnectionsPerAddress: limits.maxConnectionsPerIp,
    origins,
    addresses: new ForwardedAddresses(server.trustedProxies),
    clock,
    log: log.child({ part: "gateway" }),
  })
}
