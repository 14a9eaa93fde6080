import { Channels } from "../channels.ts"
import type { Connection, Frame, Identity, Outlet } from "../connection.ts"
import { type Encoder, Fanout, type TopicPublisher } from "../fanout.ts"
import type { ChannelLimits } from "../limits.ts"
import type { HistoryPage, HistoryQuery, PublicationLog, PublishDraft } from "../log.ts"
import { Presence } from "../presence.ts"
import type { Publication } from "../publication.ts"
import { type ChannelRule, RuleBook } from "../rules.ts"
import { FakeClock } from "./fake-clock.ts"

/** A channel rule with everything allowed; say only what the test is about. */
export function ruleWith(change: Partial<ChannelRule>): ChannelRule {
  return {
    pattern: "*",
    historySize: 0,
    historyTtlMs: 60_000,
    durability: "memory",
    recovery: false,
    presence: false,
    joinLeave: false,
    subscribe: "anyone",
    publish: "anyone",
    read: "anyone",
    echo: true,
    binary: false,
    ...change,
  }
}

/** Wide enough for every test that is not about them. */
export const CHANNEL_LIMITS: ChannelLimits = {
  maxChannelsPerConnection: 128,
  maxChannelLength: 255,
  maxPayloadBytes: 65_536,
  maxHistoryPage: 300,
  maxConnectionsPerUser: 100,
  maxOutboundBytes: 1_048_576,
}

/** Topics and the outlets in them, delivered to at once. */
export class FakeTopics implements TopicPublisher {
  readonly #topics = new Map<string, Set<Outlet>>()
  publishes = 0

  publish(topic: string, frame: Frame, except?: Outlet): void {
    this.publishes++
    for (const outlet of this.#topics.get(topic) ?? []) if (outlet !== except) outlet.send(frame)
  }

  count(topic: string): number {
    return this.#topics.get(topic)?.size ?? 0
  }

  join(topic: string, outlet: Outlet): void {
    const outlets = this.#topics.get(topic) ?? new Set()
    this.#topics.set(topic, outlets.add(outlet))
  }

  leave(topic: string, outlet: Outlet): void {
    this.#topics.get(topic)?.delete(outlet)
  }

  leaveAll(outlet: Outlet): void {
    for (const outlets of this.#topics.values()) outlets.delete(outlet)
  }
}

/** A log in memory whose reads and writes finish when the test says so, as a broker behind a pipe does. */
export class FakeLog implements PublicationLog {
  readonly kept = new Map<string, Publication[]>()
  readonly tops = new Map<string, number>()
  deliver: (channel: string, publication: Publication) => void = () => undefined
  /** Work waiting for its turn, in order. */
  readonly waiting: (() => void)[] = []
  immediate = true
  epoch = "e"

  publishTransient(channel: string, draft: PublishDraft): void {
    this.deliver(channel, { ...draft, timeMs: 0 })
  }

  publish(channel: string, rule: ChannelRule, draft: PublishDraft) {
    return this.#later(() => {
      if (draft.skipHistory) {
        this.deliver(channel, { ...draft, timeMs: 0 })
        return { duplicate: false }
      }
      const offset = (this.tops.get(channel) ?? 0) + 1
      this.tops.set(channel, offset)
      const publication: Publication = { ...draft, offset, timeMs: 0 }
      const kept = [...(this.kept.get(channel) ?? []), publication].slice(-rule.historySize)
      this.kept.set(channel, kept)
      this.deliver(channel, publication)
      return { position: { epoch: this.epoch, offset }, duplicate: false }
    })
  }

  history(channel: string, _rule: ChannelRule, { since, limit, reverse }: HistoryQuery): Promise<HistoryPage> {
    return this.#later(() => {
      const kept = (this.kept.get(channel) ?? []).filter((p) => (p.offset ?? 0) > (since?.offset ?? 0))
      if (reverse) kept.reverse()
      return { publications: kept.slice(0, limit), top: { epoch: this.epoch, offset: this.tops.get(channel) ?? 0 } }
    })
  }

  async removeHistory(channel: string): Promise<void> {
    this.kept.delete(channel)
  }

  /** All is gone, and offsets start over under another epoch. The caller tells the channels. */
  restart(): void {
    this.epoch += "'"
    this.kept.clear()
    this.tops.clear()
  }

  forgetOldest(channel: string): void {
    this.kept.get(channel)?.shift()
  }

  #later<T>(run: () => T): Promise<T> {
    if (this.immediate) return Promise.resolve(run())
    return new Promise((resolve) => this.waiting.push(() => resolve(run())))
  }
}

/** Frames are `offset:data`, joined by newlines. */
export const textEncoder: Encoder = {
  name: "t",
  publication: (channel, { offset, data }) => `${channel}#${offset ?? "-"}:${data}`,
  join: (channel, info) => `${channel}+${info.client}`,
  leave: (channel, info) => `${channel}-${info.client}`,
  concat: (frames) => frames.join("\n"),
}

/** Core as one node has it, with everything around it in the test's hand. */
export class FakeNode {
  readonly clock = new FakeClock()
  readonly topics = new FakeTopics()
  readonly log = new FakeLog()
  readonly channels: Channels
  #turnEnds: (() => void)[] = []
  #ids = 0

  constructor(rules: readonly ChannelRule[], limits: Partial<ChannelLimits> = {}) {
    const defer = (run: () => void) => void this.#turnEnds.push(run)
    this.channels = new Channels({
      rules: new RuleBook(rules),
      log: this.log,
      fanout: new Fanout(this.topics, { endOfTurn: defer, soon: defer, nowMs: () => 0, busyFrom: 2 }),
      encoders: [textEncoder],
      presence: new Presence(5_000),
      limits: { ...CHANNEL_LIMITS, ...limits },
      clock: this.clock,
    })
    this.log.deliver = this.channels.deliver
  }

  endTurn(): void {
    const runs = this.#turnEnds
    this.#turnEnds = []
    for (const run of runs) run()
  }

  /** Until nothing waits any more: a busy topic waits for several turns. */
  endTurns(): void {
    while (this.#turnEnds.length > 0) this.endTurn()
  }

  connect(identity: Identity = { userId: "" }): FakeClient {
    const client = new FakeClient(`c${this.#ids++}`, identity, this.topics)
    this.channels.register(client.connection)
    return client
  }
}

/** A client's end: everything it was sent, line by line. */
export class FakeClient {
  readonly connection: Connection
  readonly lines: string[] = []
  readonly unsubscribed: string[] = []
  onUnsubscribed: ((channel: string) => void) | undefined

  constructor(id: string, identity: Identity, topics: FakeTopics) {
    const outlet: Outlet = {
      send: (frame) => void this.lines.push(...String(frame).split("\n")),
      join: (topic) => topics.join(topic, outlet),
      leave: (topic) => topics.leave(topic, outlet),
      close: () => topics.leaveAll(outlet),
    }
    const unsubscribed = (channel: string) => {
      this.unsubscribed.push(channel)
      this.onUnsubscribed?.(channel)
    }
    const events = { unsubscribed }
    this.connection = { id, identity, format: "t", outlet, events, subscriptions: new Map() }
  }

  take(): string[] {
    return this.lines.splice(0)
  }
}
