import { Channels } from "../../../core/channels.ts"
import type { CloseReason } from "../../../core/close-codes.ts"
import type { Frame } from "../../../core/connection.ts"
import { Fanout } from "../../../core/fanout.ts"
import type { ChannelLimits } from "../../../core/limits.ts"
import { Presence } from "../../../core/presence.ts"
import { type ChannelRule, RuleBook } from "../../../core/rules.ts"
import { FakeClock } from "../../../core/testing/fake-clock.ts"
import { CHANNEL_LIMITS, FakeLog, FakeTopics } from "../../../core/testing/fake-node.ts"
import type { HandshakeIdentity, Tokens } from "../../../core/tokens.ts"
import type { Handshake, Session, Socket } from "../../../gateway/protocol.ts"
import { centrifugeEncoders, createCentrifuge } from "../centrifuge.ts"
import type { CentrifugeConfig, CentrifugeParts } from "../options.ts"

/** Values for tests; say only what differs. The program takes all of them from its configuration. */
const DEFAULT_CONFIG: CentrifugeConfig = {
  pingIntervalMs: 25_000,
  pongTimeoutMs: 8_000,
  connectTimeoutMs: 10_000,
  expiryGraceMs: 25_000,
  maxFrameBytes: 65_536,
  maxCommandsInFlight: 64,
  maxBacklogBytes: 262_144,
  commandsPerSecond: 500,
  commandBurst: 2_000,
  subscribesPerSecond: 100,
  subscribeBurst: 256,
  allowAnonymous: false,
  maxBodyBytes: 1_048_576,
  httpStream: true,
  sse: true,
}

export interface NodeOptions extends Partial<Omit<CentrifugeParts, "config">> {
  readonly rules: readonly ChannelRule[]
  readonly config?: Partial<CentrifugeConfig>
  readonly limits?: Partial<ChannelLimits>
}

const noTokens: Tokens = {
  connection: async () => ({ kind: "invalid", why: "no tokens in this test" }),
  subscription: async () => ({ kind: "invalid", why: "no tokens in this test" }),
}
const nobody: HandshakeIdentity = { identify: async () => undefined }

/** The protocol on a real core, with sockets, time and history in the test's hand. */
export class TestNode {
  readonly clock = new FakeClock()
  readonly topics = new FakeTopics()
  readonly log = new FakeLog()
  readonly channels: Channels
  readonly logged: string[] = []
  readonly centrifuge: ReturnType<typeof createCentrifuge>
  #deferred: (() => void)[] = []

  constructor({ rules, config, limits, ...parts }: NodeOptions) {
    const defer = (run: () => void) => void this.#deferred.push(run)
    const encoders = centrifugeEncoders()
    this.channels = new Channels({
      rules: new RuleBook(rules),
      log: this.log,
      fanout: new Fanout(this.topics, { endOfTurn: defer, soon: defer, nowMs: () => 0, busyFrom: 1_000 }),
      encoders: [encoders.json, encoders.protobuf, encoders.unidirectional],
      presence: new Presence(5_000),
      limits: { ...CHANNEL_LIMITS, ...limits },
      clock: this.clock,
    })
    this.log.deliver = this.channels.deliver
    const note = (_fields: object, message: string) => void this.logged.push(message)
    this.centrifuge = createCentrifuge({
      channels: this.channels,
      encoders,
      tokens: noTokens,
      identify: nobody,
      clock: this.clock,
      log: { info: note, warn: note, error: note },
      node: { id: "node-1", name: "test", version: "0.0.1", startedAtMs: 0 },
      defer,
      apiKeyMatches: (candidate) => candidate === "key",
      ...parts,
      config: { ...DEFAULT_CONFIG, allowAnonymous: true, ...config },
    })
  }

  /** A client whose socket is open; it has said nothing yet. */
  open(subprotocol?: string, query = "", path = "/connection/websocket"): TestClient {
    return new TestClient(this, subprotocol, query, path)
  }

  /** A client that is connected, its connect reply taken. */
  async connected(subprotocol?: string): Promise<TestClient> {
    const client = this.open(subprotocol)
    client.say({ id: 1, connect: {} })
    await this.settle()
    client.take()
    return client
  }

  /** Lets everything that can happen happen. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 5; turn++) {
      for (let tick = 0; tick < 50; tick++) await Promise.resolve()
      const runs = this.#deferred
      this.#deferred = []
      for (const run of runs) run()
    }
  }
}

/** The client's end of one socket: what it was sent, frame by frame. */
export class TestClient implements Socket {
  readonly handshake: Handshake
  readonly frames: Frame[] = []
  closedWith: CloseReason | undefined
  bufferedBytes = 0
  readonly session: Session
  readonly #node: TestNode

  constructor(node: TestNode, subprotocol: string | undefined, query: string, path: string) {
    this.#node = node
    this.handshake = {
      address: "127.0.0.1",
      loopback: true,
      secure: false,
      url: new URL(`ws://localhost${path}${query}`),
      headers: new Headers(),
      transport: "websocket",
    }
    const endpoint = node.centrifuge.protocol.endpoints.find(({ paths }) => paths.includes(path))
    if (endpoint === undefined) throw new Error("the protocol has no endpoint")
    this.session = endpoint.open(this, subprotocol)
  }

  /** Sends commands as centrifuge-js does: several as one frame. */
  say(...commands: readonly object[]): void {
    this.session.frame(commands.map((command) => JSON.stringify(command)).join("\n"))
  }

  /** What was received since the last take, object by object. */
  take(): unknown[] {
    return this.frames
      .splice(0)
      .flatMap((frame) => String(frame).split("\n"))
      .map((line) => JSON.parse(line) as unknown)
  }

  async ask(...commands: readonly object[]): Promise<unknown[]> {
    this.say(...commands)
    await this.#node.settle()
    return this.take()
  }

  send(frame: Frame): void {
    this.frames.push(frame)
  }

  join(topic: string): void {
    this.#node.topics.join(topic, this)
  }

  leave(topic: string): void {
    this.#node.topics.leave(topic, this)
  }

  close(reason: CloseReason): void {
    if (this.closedWith !== undefined) return
    this.closedWith = reason
    this.drop(reason.code)
  }

  /** The socket goes, by the client's code or none. */
  drop(code = 1006): void {
    this.#node.topics.leaveAll(this)
    this.session.closed(code, "")
  }

  terminate(): void {
    this.drop()
  }
}
