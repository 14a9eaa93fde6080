import { randomUUID } from "node:crypto"
import packageJson from "../../package.json" with { type: "json" }
import { backEndBy } from "../auth/back-end.ts"
import type { Chat } from "../chat/chat.ts"
import type { Config } from "../config/config.ts"
import type { Clock } from "../core/clock.ts"
import { SkeinError } from "../core/errors.ts"
import type { HandshakeIdentity } from "../core/tokens.ts"
import {
  type Centrifuge,
  type CentrifugeConfig,
  centrifugeEncoders,
  createCentrifuge,
} from "../protocols/centrifuge/centrifuge.ts"
import { plainEncoders } from "../protocols/plain/encoders.ts"
import type { PlainConfig } from "../protocols/plain/options.ts"
import { createPlain } from "../protocols/plain/plain.ts"
import type { PusherEncoders } from "../protocols/pusher/pusher.ts"
import type { Log } from "../telemetry/log.ts"
import type { Identities } from "./identity.ts"
import type { Node } from "./node.ts"
import type { Site } from "./site.ts"

/** Made before the core, which fans out with them. */
export function createEncoders(pusher: PusherEncoders) {
  const centrifuge = centrifugeEncoders()
  const plain = plainEncoders()
  const all = [
    centrifuge.json,
    centrifuge.protobuf,
    centrifuge.unidirectional,
    plain.zh,
    plain.en,
    pusher.stock,
    pusher.recovering,
  ]
  return { centrifuge, plain, all }
}

export interface ProtocolParts {
  readonly config: Config
  readonly node: Node
  readonly encoders: ReturnType<typeof createEncoders>
  readonly identities: Identities
  readonly identify: HandshakeIdentity
  /** A login of the site was ended by its back end, or all of a user. */
  readonly loggedOut: Site["forget"]
  /** Absent: the chat is off. */
  readonly chat: Chat | undefined
  readonly clock: Clock
  readonly log: Log
}

/** Adds every protocol the configuration serves to the gateway. */
export function addProtocols(parts: ProtocolParts): Centrifuge {
  const centrifuge = createCentrifugeOf(parts)
  if (parts.config.centrifuge.websocket) parts.node.gateway.addProtocol(centrifuge.protocol)
  if (parts.config.plain.enabled) parts.node.gateway.addProtocol(createPlainOf(parts))
  return centrifuge
}

function createCentrifugeOf({
  config,
  node,
  encoders,
  identities,
  identify,
  loggedOut,
  chat,
  clock,
  log,
}: ProtocolParts) {
  return createCentrifuge({
    channels: node.channels,
    encoders: encoders.centrifuge,
    tokens: identities.tokens,
    identify,
    clock,
    log: log.child({ part: "centrifuge" }),
    node: { id: randomUUID(), name: "skein", version: packageJson.version, startedAtMs: clock.nowMs() },
    config: centrifugeConfig(config),
    defer: (run) => void setImmediate(run),
    apiKeyMatches: identities.apiKeys.matches,
    loggedOut,
    ...(chat === undefined
      ? {}
      : {
          rpc: (connection, method, data) => callChat(chat, connection.identity, method, data),
          apiRpc: (method, data) => chat.callForBackEnd(method, data),
          serverSubscriptions: ({ identity }) => chat.serverSubscriptions(identity),
        }),
  })
}

function callChat(chat: Chat, identity: Parameters<Chat["call"]>[0], method: string, data: string) {
  if (!chat.isMethod(method)) throw new SkeinError("method_not_found", `there is no method "${method.slice(0, 100)}"`)
  return chat.call(identity, method, data)
}

function createPlainOf({ config, node, encoders, identities, identify, chat, clock, log }: ProtocolParts) {
  return createPlain({
    channels: node.channels,
    encoders: encoders.plain,
    ...(chat === undefined ? {} : { rooms: chat.rooms }),
    tokens: identities.tokens,
    identify,
    isBackEnd: backEndBy(identities.apiKeys, { loopback: config.mode === "development" }),
    clock,
    log: log.child({ part: "plain" }),
    config: plainConfig(config),
  })
}

function centrifugeConfig({ limits, auth, centrifuge }: Config): CentrifugeConfig {
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
    subscribesPerSecond: limits.subscribesPerSecond,
    subscribeBurst: limits.subscribeBurst,
    httpStream: centrifuge.httpStream,
    sse: centrifuge.sse,
    allowAnonymous: auth.allowAnonymous,
    maxBodyBytes: limits.maxRequestBytes,
  }
}

function plainConfig({ limits, auth, plain, chat }: Config): PlainConfig {
  return {
    lobby: chat.defaultRooms[0] ?? "lobby",
    senderEcho: plain.senderEcho,
    createRooms: plain.createRooms,
    language: plain.language,
    allowAnonymous: auth.allowAnonymous,
    maxFrameBytes: limits.maxFrameBytes,
    maxBacklogBytes: 4 * limits.maxFrameBytes,
    messagesPerSecond: limits.messagesPerSecond,
    messageBurst: limits.messageBurst,
    subscribesPerSecond: limits.subscribesPerSecond,
    subscribeBurst: limits.subscribeBurst,
    pingIntervalMs: limits.pingIntervalMs,
    idleTimeoutMs: limits.idleTimeoutMs,
    pongTimeoutMs: limits.pongTimeoutMs,
    connectTimeoutMs: limits.connectTimeoutMs,
  }
}
