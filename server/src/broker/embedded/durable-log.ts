import type { ChildEvents } from "../../child/supervised-child.ts"
import type { Clock } from "../../core/clock.ts"
import { SkeinError } from "../../core/errors.ts"
import { limitError } from "../../core/limits.ts"
import type { Logger } from "../../core/logger.ts"
import type { Position } from "../../core/publication.ts"
import type { ChannelRule } from "../../core/rules.ts"
import type { BrokerListener, Draft, HistoryPage, HistoryQuery, Published } from "../contract.ts"
import { ChannelTable } from "./channel-table.ts"
import { DurableChannel } from "./durable-channel.ts"
import { type Chunk, chunkRequest, pageFromLog, pageFromRing, type Range, rangeOf } from "./history-pages.ts"
import type { EmbeddedLimits } from "./limits.ts"
import { LogClient } from "./log-client.ts"
import { type Appended, type KeptPatterns, OP, type Opened, type Ticked, type WireRow } from "./log-wire.ts"
import {
  type AppendHost,
  AppendOp,
  AskOp,
  isOtherEpoch,
  OpenChannelOp,
  rowToPublication,
  toDelivered,
  toPublication,
} from "./ops.ts"
import { type Kept, Ring } from "./ring.ts"
import { Turns } from "./turns.ts"

/** The log process, or in tests whatever answers like it. */
export interface LogLink {
  readonly failures: number
  readonly restarts: number
  start(events: ChildEvents): void
  send(text: string): void
  /** The present run has answered something. */
  progressed(): void
  kill(reason: Error): void
  stop(deadlineMs: number): Promise<void>
}

export interface DurableLogOptions {
  readonly link: LogLink
  readonly clock: Clock
  readonly log: Logger
  readonly limits: EmbeddedLimits
  /** Where the log is, for messages. */
  readonly path: string
  /** What the rules of this run keep in the log; told with the first tick that it can act on. */
  readonly kept?: KeptPatterns
}

const TICK_MS = 1_000

/**
 * Durable channels, the node's side: positions and the newest publications in memory, everything else asked of the
 * log process. A publication is delivered when the log has answered with its offset, in the order of the answers.
 */
export class DurableLog implements AppendHost {
  readonly #options: DurableLogOptions
  readonly #client: LogClient
  readonly #table: ChannelTable
  /** Pages read from disk: each may be megabytes, and asking for one costs nothing. */
  readonly #pages: Turns
  #listener: BrokerListener | undefined
  #nextHandle = 1
  #appends = 0
  #appendBytes = 0
  #lastTick: Ticked | undefined
  #isTicking = false
  #knowsKept = false
  #cancelTick: (() => void) | undefined

  constructor(options: DurableLogOptions) {
    this.#options = options
    const { limits, clock } = options
    this.#table = new ChannelTable(limits)
    this.#pages = new Turns(clock, limits.pagesAtOnce, limits.answerDeadlineMs)
    this.#client = new LogClient(options, (channel) => this.#redeclaration(channel))
  }

  async start(listener: BrokerListener): Promise<void> {
    this.#listener = listener
    this.#cancelTick = this.#options.clock.every(TICK_MS, () => this.#tick())
    await this.#client.start()
    if (this.#options.kept !== undefined) this.#tick()
  }

  publish(name: string, rule: ChannelRule, draft: Draft): Promise<Published> {
    return new Promise((resolve, reject) => {
      this.#ensureRoom()
      const channel = this.#channel(name, rule)
      const timeMs = this.#options.clock.nowMs()
      const deadlineMs = timeMs + this.#options.limits.answerDeadlineMs
      const op = new AppendOp(this, channel, draft, { timeMs, deadlineMs }, { resolve, reject })
      this.#appends++
      this.#appendBytes += op.bytes
      // Sending it behind an unanswered `open` would leave us not knowing what to undo if the log process died now.
      if (channel.waiting === undefined) this.#client.ask(op)
      else channel.waiting.push(op)
    })
  }

  async history(name: string, rule: ChannelRule, query: HistoryQuery): Promise<HistoryPage> {
    const channel = await this.#opened(name, rule)
    const top: Position = { epoch: channel.epoch, offset: channel.delivered }
    if (query.limit === 0 || isOtherEpoch(query.since, top.epoch)) return { publications: [], top }
    const range = rangeOf(channel, query)
    const nowMs = this.#options.clock.nowMs()
    const publications =
      pageFromRing(channel, range, nowMs, this.#table) ??
      (await this.#pages.take(() => this.#pageFromLog(channel, range, query.maxBytes)))
    // The history may have been replaced while the log was read.
    if (channel.epoch !== top.epoch) return this.history(name, rule, query)
    return { publications, top }
  }

  async remove(name: string, rule: ChannelRule): Promise<void> {
    const channel = await this.#opened(name, rule)
    const floor = await this.#ask<number>(() => `[${OP.remove},${channel.handle}]`, channel)
    channel.first = Math.max(channel.first, floor + 1)
    this.#table.changeRing(channel, () => channel.ring?.dropThrough(floor))
  }

  async probe(): Promise<void> {
    await this.#ask(() => `[${OP.probe}]`)
  }

  async stop(): Promise<void> {
    this.#cancelTick?.()
    await this.#client.stop()
  }

  stats(): DurableLogStats {
    const { link } = this.#options
    return {
      ...this.#client.stats(),
      pending: this.#appends,
      pendingBytes: this.#appendBytes,
      channels: this.#table.size,
      ringsBytes: this.#table.ringsBytes,
      restarts: link.restarts,
      failures: link.failures,
      log: this.#lastTick?.figures,
    }
  }

  appended(op: AppendOp, answer: Appended): Published {
    const { channel } = op
    const offset = typeof answer === "number" ? answer : answer.o
    const position = { epoch: channel.epoch, offset }
    if (typeof answer !== "number" && answer.d === 1) return { position, duplicate: true }
    const timeMs = typeof answer === "number" ? op.timeMs : (answer.t ?? op.timeMs)
    const publication = toPublication(op.draft, offset, timeMs)
    this.#remember(channel, publication)
    this.#listener?.deliver(channel.name, toDelivered(publication, op.draft))
    return { position, duplicate: false }
  }

  undeclare(channel: DurableChannel): void {
    channel.declaredIn = 0
  }

  released(op: AppendOp): void {
    this.#appends--
    this.#appendBytes -= op.bytes
  }

  #remember(channel: DurableChannel, publication: Kept): void {
    channel.delivered = publication.offset
    this.#table.changeRing(channel, () => channel.ring?.append(publication))
  }

  #ensureRoom(): void {
    const { queueCount, queueBytes } = this.#options.limits
    if (this.#appends < queueCount && this.#appendBytes < queueBytes) return
    const isCount = this.#appends >= queueCount
    throw limitError(
      isCount ? "broker.max_queued_publications" : "broker.max_queued_bytes",
      "limit_exceeded",
      `${this.#appends} publications (${this.#appendBytes} bytes) wait to be stored in ${this.#options.path}, the bounds are ` +
        `${queueCount} and ${queueBytes}: the disk is slower than what is being published`,
      { retryAfterMs: 1_000 },
    )
  }

  /** The channel; asked of the log when it is new here. */
  #channel(name: string, rule: ChannelRule): DurableChannel {
    const known = this.#table.use(name)
    if (known !== undefined) {
      if (known.follow(rule)) known.declaredIn = 0
      return known
    }
    ensureName(name)
    const channel = new DurableChannel(name, this.#nextHandle++, rule)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    // Publishes alone bring a channel here too, and nobody may be waiting for this promise then.
    promise.catch(() => undefined)
    channel.opening = { promise, resolve, reject }
    for (const evicted of this.#table.add(channel)) this.#forget(evicted)
    const { ringCount, ringBytes, answerDeadlineMs } = this.#options.limits
    this.#client.ask(
      new OpenChannelOp(
        channel,
        this.#options.clock.nowMs() + answerDeadlineMs,
        { count: ringCount, bytes: Math.min(ringBytes, TAIL_BYTES) },
        (opened) => this.#firstOpened(channel, opened),
        (error) => this.#neverOpened(channel, error),
      ),
    )
    return channel
  }

  async #opened(name: string, rule: ChannelRule): Promise<DurableChannel> {
    const channel = this.#channel(name, rule)
    if (channel.opening !== undefined) await channel.opening.promise
    return channel
  }

  #firstOpened(channel: DurableChannel, opened: Opened): void {
    this.#adopt(channel, opened)
    const waiting = channel.waiting ?? []
    channel.waiting = undefined
    channel.opening?.resolve()
    channel.opening = undefined
    for (const op of waiting) this.#client.ask(op)
  }

  #neverOpened(channel: DurableChannel, error: SkeinError): void {
    this.#table.remove(channel)
    // The log process may know the handle all the same: refused, or opened when nobody waited for it any more.
    if (channel.declaredIn !== 0) this.#forget(channel)
    const waiting = channel.waiting ?? []
    channel.waiting = undefined
    channel.opening?.reject(error)
    channel.opening = undefined
    for (const op of waiting) op.refuse(error)
  }

  #redeclaration(channel: DurableChannel): OpenChannelOp {
    return new OpenChannelOp(
      channel,
      this.#options.clock.nowMs() + this.#options.limits.answerDeadlineMs,
      { count: 0, bytes: 0 },
      (opened) => this.#reopened(channel, opened),
      () => this.undeclare(channel),
    )
  }

  #reopened(channel: DurableChannel, opened: Opened): void {
    channel.isUndecided = false
    channel.undecidedKeys = []
    if (opened.epoch === channel.epoch && opened.top === channel.delivered) return
    this.#options.log.warn(
      { channel: channel.name, delivered: channel.delivered, inLog: opened.top, path: this.#options.path },
      "the log no longer holds what was delivered: its file was replaced or damaged; subscribers have to start over",
    )
    this.#adopt(channel, opened)
    this.#listener?.invalidate([channel.name])
  }

  #adopt(channel: DurableChannel, opened: Opened): void {
    const { ringCount, ringBytes } = this.#options.limits
    const tail = unbroken(opened.tail.map(rowToPublication), opened.top)
    const ring = new Ring(Math.min(ringCount, channel.historySize), ringBytes, opened.top - tail.length)
    for (const publication of tail) ring.append(publication)
    this.#table.changeRing(channel, () => channel.startAt(opened.epoch, opened.top, opened.first, ring))
  }

  #pageFromLog(channel: DurableChannel, range: Range, maxBytes = Number.POSITIVE_INFINITY): Promise<Kept[]> {
    const bytes = Math.min(maxBytes, this.#options.limits.pageBytes)
    return pageFromLog(range, bytes, (chunk) => this.#askPage(channel, chunk))
  }

  async #askPage(channel: DurableChannel, chunk: Chunk): Promise<Kept[]> {
    const rows = await this.#ask<WireRow[]>(() => chunkRequest(channel.handle, chunk), channel, true)
    return rows.map(rowToPublication)
  }

  #ask<T>(text: () => string, channel?: DurableChannel, isPage = false): Promise<T> {
    return new Promise((resolve, reject) => {
      const deadlineMs = this.#options.clock.nowMs() + this.#options.limits.answerDeadlineMs
      const about = channel === undefined ? {} : { channel }
      this.#client.ask(
        new AskOp<T>({ text, deadlineMs, isPage, ...about }, { resolve, reject }, () => {
          if (channel !== undefined) this.undeclare(channel)
        }),
      )
    })
  }

  #forget(channel: DurableChannel): void {
    this.#ask(() => `[${OP.forget},${channel.handle}]`).catch(() => undefined)
  }

  #tick(): void {
    this.#client.expire()
    if (this.#isTicking || !this.#client.isReady) return
    this.#isTicking = true
    this.#ask<Ticked>(() => this.#tickText())
      .then((ticked) => this.#ticked(ticked))
      // A log that could not be opened answers with its refusal; publishers and the start have told.
      .catch(() => undefined)
      .finally(() => {
        this.#isTicking = false
      })
  }

  #tickText(): string {
    const { kept } = this.#options
    return JSON.stringify(kept === undefined || this.#knowsKept ? [OP.tick] : [OP.tick, kept])
  }

  #ticked(ticked: Ticked): void {
    this.#lastTick = ticked
    this.#knowsKept ||= ticked.knowsKept
    for (const name of ticked.swept) {
      const known = this.#table.peek(name)
      // Known from before the log process was restarted: what we remember of it is void too.
      if (known !== undefined && known.pending === 0) {
        this.#table.remove(known)
        this.#forget(known)
      }
    }
    if (ticked.swept.length > 0) this.#listener?.invalidate(ticked.swept)
  }
}

export interface DurableLogStats {
  /** Publications accepted and not yet stored. */
  readonly pending: number
  readonly pendingBytes: number
  readonly frames: number
  /** Ops of the last and the largest frame. */
  readonly lastBatch: number
  readonly maxBatch: number
  readonly channels: number
  readonly ringsBytes: number
  readonly restarts: number
  /** Runs of the log process in a row that achieved nothing. */
  readonly failures: number
  readonly state: "starting" | "open" | "reading" | "closed" | "down"
  /** As of the last tick, at most about a second old. */
  readonly log: Ticked["figures"] | undefined
}

/** A first page from the log need not fill the ring: an answer carries several of them. */
const TAIL_BYTES = 64 * 1024

/** The end of the tail that reaches the top without a hole; all of it, unless the file is damaged. */
function unbroken(tail: Kept[], top: number): Kept[] {
  let start = tail.length
  while (start > 0 && tail[start - 1]?.offset === top - (tail.length - start)) start--
  return tail.slice(start)
}

/** Half a surrogate pair has no UTF-8: the file would take two such names for one channel. */
function ensureName(name: string): void {
  if (name.isWellFormed()) return
  throw new SkeinError("bad_request", "expected a channel name of whole characters, got one with half a surrogate pair")
}
