import { createApiKeys } from "../../src/auth/api-key.ts"
import { backEndBy } from "../../src/auth/back-end.ts"
import { byQueryToken, byTrustedUserId, firstOf } from "../../src/auth/identify.ts"
import { createTokens } from "../../src/auth/jwt.ts"
import { createSigner } from "../../src/auth/sign.ts"
import { Channels } from "../../src/core/channels.ts"
import { systemClock } from "../../src/core/clock.ts"
import { Fanout } from "../../src/core/fanout.ts"
import { Presence } from "../../src/core/presence.ts"
import { RuleBook } from "../../src/core/rules.ts"
import { FakeLog, ruleWith } from "../../src/core/testing/fake-node.ts"
import { ForwardedAddresses } from "../../src/gateway/forwarded.ts"
import { Gateway } from "../../src/gateway/gateway.ts"
import { OriginPolicy } from "../../src/gateway/origin.ts"
import { plainEncoders } from "../../src/protocols/plain/encoders.ts"
import type { PlainConfig } from "../../src/protocols/plain/options.ts"
import { createPlain } from "../../src/protocols/plain/plain.ts"
import { FakeRooms } from "./fake-rooms.ts"

/** Values for tests; say only what differs. The program takes all of them from its configuration. */
const DEFAULT_CONFIG: PlainConfig = {
  lobby: "lobby",
  senderEcho: false,
  createRooms: false,
  language: "zh-CN",
  allowAnonymous: false,
  maxFrameBytes: 131_072,
  maxBacklogBytes: 524_288,
  messagesPerSecond: 200,
  messageBurst: 1_000,
  subscribesPerSecond: 100,
  subscribeBurst: 256,
  pingIntervalMs: 25_000,
  idleTimeoutMs: 60_000,
  pongTimeoutMs: 8_000,
  connectTimeoutMs: 10_000,
}

export const API_KEY = "the-api-key-of-these-tests"
const SECRET = "the token secret of these tests"

const RULES = [
  ruleWith({ pattern: "chat:*", presence: true, joinLeave: true, subscribe: "app", publish: "nobody" }),
  ruleWith({ pattern: "kept:*", historySize: 10, recovery: true, publish: "nobody" }),
  ruleWith({ pattern: "users:*", historySize: 10, subscribe: "user", read: "user", publish: "nobody" }),
  ruleWith({ pattern: "secret:*", subscribe: "token", publish: "nobody" }),
  ruleWith({ publish: "nobody" }),
]

export interface PlainServerOptions {
  readonly config?: Partial<PlainConfig>
  /** Loopback clients are the back end, as in development. */
  readonly loopbackIsBackEnd?: boolean
  readonly withoutRooms?: boolean
  readonly idleTimeoutSeconds?: number
  readonly presenceGraceMs?: number
  /** Every connection's identity takes this long to find out. */
  readonly identifyMs?: number
}

export type PlainServer = Awaited<ReturnType<typeof startPlain>>

/** Real gateway, fan-out, core and auth around the plain protocol; rooms and history in memory. */
export async function startPlain(options: PlainServerOptions = {}) {
  const logged: string[] = []
  const log = {
    info: (_fields: object, message: string) => void logged.push(message),
    warn: (_fields: object, message: string) => void logged.push(message),
    error: (fields: object, message: string) => void logged.push(`${message} ${JSON.stringify(fields)}`),
  }
  const gateway = new Gateway({
    host: "127.0.0.1",
    port: 0,
    outboundBufferBytes: 1_048_576,
    maxRequestBodyBytes: 65_536,
    handshakeTimeoutSeconds: 10,
    requestTimeoutMs: 30_000,
    idleTimeoutSeconds: options.idleTimeoutSeconds ?? 60,
    maxConnections: 1_000,
    maxConnectionsPerAddress: 1_000,
    origins: new OriginPolicy([]),
    addresses: new ForwardedAddresses([]),
    clock: systemClock,
    log,
  })
  const fanout = new Fanout(gateway.topics, {
    endOfTurn: (run) => void setImmediate(run),
    soon: (run) => void setTimeout(run, 1),
    nowMs: () => performance.now(),
    busyFrom: 32,
  })
  const encoders = plainEncoders()
  const history = new FakeLog()
  const channels = new Channels({
    rules: new RuleBook(RULES),
    log: history,
    fanout,
    encoders: [encoders.zh, encoders.en],
    presence: new Presence(options.presenceGraceMs ?? 5_000),
    limits: {
      maxChannelsPerConnection: 5,
      maxChannelLength: 255,
      maxPayloadBytes: 65_536,
      maxHistoryPage: 100,
      maxConnectionsPerUser: 5,
      maxOutboundBytes: 1_048_576,
    },
    clock: systemClock,
  })
  history.deliver = channels.deliver
  const rooms = new FakeRooms(channels)
  const tokens = await createTokens({ keys: { hmacSecrets: [SECRET] } }, systemClock)
  const known = firstOf([byQueryToken(tokens, () => undefined), byTrustedUserId("loopback")])
  const plain = createPlain({
    channels,
    encoders,
    ...(options.withoutRooms ? {} : { rooms }),
    tokens,
    identify: {
      async identify(handshake) {
        if (options.identifyMs) await new Promise((resolve) => setTimeout(resolve, options.identifyMs))
        return known.identify(handshake)
      },
    },
    isBackEnd: backEndBy(createApiKeys([API_KEY]), { loopback: options.loopbackIsBackEnd ?? false }),
    clock: systemClock,
    log,
    config: { ...DEFAULT_CONFIG, createRooms: true, ...options.config },
  })
  gateway.addProtocol(plain)
  const { port } = gateway.start()
  const stopTicking = systemClock.every(20, () => channels.tick(Date.now()))
  return {
    port,
    url: `ws://127.0.0.1:${port}`,
    gateway,
    channels,
    rooms,
    history,
    logged,
    sign: createSigner(SECRET, systemClock),
    async stop() {
      stopTicking()
      await gateway.stop()
    },
  }
}
