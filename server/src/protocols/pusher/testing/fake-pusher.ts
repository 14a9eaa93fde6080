import { Channels } from "../../../core/channels.ts"
import type { CloseReason } from "../../../core/close-codes.ts"
import { Fanout } from "../../../core/fanout.ts"
import { Presence } from "../../../core/presence.ts"
import { RuleBook } from "../../../core/rules.ts"
import { FakeClock } from "../../../core/testing/fake-clock.ts"
import { FakeLog, FakeTopics, ruleWith } from "../../../core/testing/fake-node.ts"
import type { Session, Socket } from "../../../gateway/protocol.ts"
import {
  type AppOptions,
  Apps,
  createPusher,
  type PusherConfig,
  type PusherEncoders,
  pusherEncoders,
  pusherRules,
} from "../pusher.ts"
import { appWith } from "./app-with.ts"

/** Values for tests; say only what differs. The program takes all of them from its configuration. */
const DEFAULT_CONFIG: PusherConfig = {
  pathPrefix: "",
  activityTimeoutSeconds: 120,
  pingIntervalMs: 25_000,
  pongTimeoutMs: 8_000,
  defaultEvent: "message",
  clockToleranceMs: 600_000,
  maxFrameBytes: 131_072,
  maxBodyBytes: 1_048_576,
  messagesPerSecond: 200,
  messageBurst: 1_000,
  subscribesPerSecond: 100,
  subscribeBurst: 256,
}

export const KEY = "the-key"
export const SECRET = "the-secret"

/** The protocol on a core whose clock, log and sockets are in the test's hand. */
export class FakePusher {
  readonly clock = new FakeClock()
  readonly log = new FakeLog()
  readonly topics = new FakeTopics()
  readonly channels: Channels
  readonly open: (socket: Socket) => Session
  readonly encoders: PusherEncoders
  #turnEnds: (() => void)[] = []

  constructor(change: Partial<AppOptions> = {}) {
    const options = [appWith({ id: "1", keys: [{ key: KEY, secret: SECRET }], sharesChannels: true, ...change })]
    const apps = new Apps(options)
    const encoders = pusherEncoders(apps, "message")
    this.encoders = encoders
    const rules = pusherRules(options)
    const defer = (run: () => void) => void this.#turnEnds.push(run)
    const fanout = new Fanout(this.topics, { endOfTurn: defer, soon: defer, nowMs: () => 0, busyFrom: 1_000 })
    this.channels = new Channels({
      rules: new RuleBook([ruleWith({ pattern: "log-*", historySize: 100, recovery: true }), ...rules]),
      log: this.log,
      fanout,
      encoders: [encoders.stock, encoders.recovering],
      presence: new Presence(5_000),
      limits: {
        maxChannelsPerConnection: 100,
        maxChannelLength: 255,
        maxPayloadBytes: 131_072,
        maxHistoryPage: 100,
        maxConnectionsPerUser: 100,
        maxOutboundBytes: 1_048_576,
      },
      clock: this.clock,
    })
    this.log.deliver = this.channels.deliver
    const silent = () => undefined
    const pusher = createPusher({
      apps,
      encoders,
      channels: this.channels,
      fanout,
      clock: this.clock,
      log: { info: silent, warn: silent, error: silent },
      config: DEFAULT_CONFIG,
      ownRules: new Set(rules),
      sessions: new Map(),
      randomNumber: () => Math.floor(Math.random() * 2 ** 48),
    })
    const [endpoint] = pusher.protocol.endpoints
    if (!endpoint) throw new Error("the protocol has no endpoint")
    this.open = (socket) => endpoint.open(socket, undefined)
  }

  endTurn(): void {
    for (const run of this.#turnEnds.splice(0)) run()
  }

  async publish(channel: string, data: string): Promise<void> {
    await this.channels.publish(channel, { data, tags: { event: "n" } })
    this.endTurn()
  }

  connect(path = `/app/${KEY}`, transport = "websocket"): FakeSocket {
    return new FakeSocket(this, `http://localhost${path}?protocol=7`, transport)
  }
}

/** A client's end: what it was sent and how it was closed. */
export class FakeSocket {
  readonly sent: string[] = []
  /** How often its WebSocket was asked for a sign of life. */
  pings = 0
  closed: CloseReason | undefined
  /** A frame with this in it is more than its client takes: the socket ends while it is sent. */
  overflowsBy: string | undefined
  readonly session: Session

  constructor(pusher: FakePusher, url: string, transport: string) {
    const handshake = {
      address: "1.2.3.4",
      loopback: false,
      secure: false,
      url: new URL(url),
      headers: new Headers(),
      transport,
    }
    const socket: Socket = {
      handshake,
      bufferedBytes: 0,
      send: (frame) => {
        this.sent.push(String(frame))
        if (this.overflowsBy !== undefined && String(frame).includes(this.overflowsBy)) this.drop()
      },
      join: (topic) => pusher.topics.join(topic, outletOf(this)),
      leave: (topic) => pusher.topics.leave(topic, outletOf(this)),
      close: (reason) => {
        this.closed ??= reason
      },
      terminate: () => undefined,
      ...(transport === "websocket" ? { ping: () => void this.pings++ } : {}),
    }
    outlets.set(this, socket)
    this.session = pusher.open(socket)
  }

  /** Events that are the application's, as `name data`. */
  get events(): string[] {
    const frames = this.sent.map((text) => JSON.parse(text))
    return frames.filter(({ event }) => !event.startsWith("pusher")).map(({ event, data }) => `${event} ${data}`)
  }

  count(event: string): number {
    return this.sent.filter((text) => JSON.parse(text).event === event).length
  }

  say(event: string, data: unknown): void {
    this.session.frame(JSON.stringify({ event, data }))
  }

  async subscribe(channel: string): Promise<void> {
    const before = this.count("pusher_internal:subscription_succeeded")
    this.say("pusher:subscribe", { channel })
    while (this.count("pusher_internal:subscription_succeeded") === before) await Promise.resolve()
    // The session goes on to its next message a few promises later.
    await new Promise<void>((done) => setImmediate(done))
  }

  /** The socket is gone without a word. */
  drop(): void {
    this.session.closed(1006, "")
  }
}

const outlets = new WeakMap<FakeSocket, Socket>()
const outletOf = (fake: FakeSocket): Socket => outlets.get(fake) as Socket
