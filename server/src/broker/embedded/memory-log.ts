import { randomBytes } from "node:crypto"
import type { Clock } from "../../core/clock.ts"
import type { Position } from "../../core/publication.ts"
import type { ChannelRule } from "../../core/rules.ts"
import type { BrokerListener, Draft, HistoryPage, HistoryQuery, Published } from "../contract.ts"
import { keyWindowMs } from "./key-window.ts"
import type { EmbeddedLimits } from "./limits.ts"
import { isOtherEpoch, toDelivered, toPublication } from "./ops.ts"
import type { RecentKeys } from "./recent-keys.ts"
import { Ring } from "./ring.ts"

const SWEEP_MS = 10_000
const SWEEP_CHANNELS = 1_000
/** A channel nobody has published to or asked about for so long is forgotten, with its epoch. */
const KEEP_IDLE_MS = 24 * 3_600_000

interface MemoryChannel {
  readonly name: string
  readonly epoch: string
  ring: Ring
  historySize: number
  historyTtlMs: number
  lastTimeMs: number
  usedMs: number
}

/** Histories that live in this process only: the same semantics as the durable ones, gone with the process. */
export class MemoryLog {
  readonly #clock: Clock
  readonly #limits: EmbeddedLimits
  readonly #keys: RecentKeys
  /** Longest unused first. */
  readonly #channels = new Map<string, MemoryChannel>()
  /** Those of them that nothing was ever published to, in the same order. */
  readonly #blank = new Set<MemoryChannel>()
  #listener: BrokerListener | undefined
  #bytes = 0
  #sweep: Iterator<MemoryChannel> | undefined
  #cancelSweep: (() => void) | undefined

  constructor(clock: Clock, limits: EmbeddedLimits, keys: RecentKeys) {
    this.#clock = clock
    this.#limits = limits
    this.#keys = keys
  }

  start(listener: BrokerListener): void {
    this.#listener = listener
    this.#cancelSweep = this.#clock.every(SWEEP_MS, () => this.#sweepSome())
  }

  stop(): void {
    this.#cancelSweep?.()
  }

  get channels(): number {
    return this.#channels.size
  }

  get bytes(): number {
    return this.#bytes
  }

  publish(name: string, rule: ChannelRule, draft: Draft): Published {
    const nowMs = this.#clock.nowMs()
    const key = draft.idempotencyKey
    const seen = key === undefined ? undefined : this.#keys.find(name, key, nowMs)
    if (seen !== undefined) return published(seen.position, true)
    const channel = this.#channel(name, rule, nowMs)
    const timeMs = Math.max(nowMs, channel.lastTimeMs)
    channel.lastTimeMs = timeMs
    this.#blank.delete(channel)
    const publication = toPublication(draft, channel.ring.top + 1, timeMs)
    this.#change(channel, () => channel.ring.append(publication))
    const position = { epoch: channel.epoch, offset: publication.offset }
    if (key !== undefined) this.#keys.keep(name, key, position, nowMs, keyWindowMs(rule.historyTtlMs))
    this.#listener?.deliver(name, toDelivered(publication, draft))
    this.#makeRoom()
    return published(position, false)
  }

  history(name: string, rule: ChannelRule, query: HistoryQuery): HistoryPage {
    const nowMs = this.#clock.nowMs()
    const channel = this.#channel(name, rule, nowMs)
    this.#makeRoom()
    const { ring } = channel
    const top = { epoch: channel.epoch, offset: ring.top }
    if (query.limit === 0 || isOtherEpoch(query.since, top.epoch)) return { publications: [], top }
    this.#change(channel, () => ring.dropOlderThan(nowMs - channel.historyTtlMs))
    const limit = query.limit < 0 ? Number.MAX_SAFE_INTEGER : query.limit
    if (query.reverse === true) {
      const to = query.since === undefined ? ring.top : Math.min(ring.top, query.since.offset - 1)
      return { publications: ring.slice(Math.max(ring.first, to - limit + 1), to).reverse(), top }
    }
    const from = Math.max(ring.first, (query.since?.offset ?? 0) + 1)
    return { publications: ring.slice(from, Math.min(ring.top, from + limit - 1)), top }
  }

  remove(name: string, rule: ChannelRule): void {
    const channel = this.#channel(name, rule, this.#clock.nowMs())
    this.#change(channel, () => channel.ring.clear())
  }

  #channel(name: string, rule: ChannelRule, nowMs: number): MemoryChannel {
    const known = this.#channels.get(name)
    if (known === undefined) return this.#create(name, rule, nowMs)
    this.#channels.delete(name)
    this.#channels.set(name, known)
    if (this.#blank.delete(known)) this.#blank.add(known)
    known.usedMs = nowMs
    if (known.historySize !== rule.historySize) this.#resize(known, rule.historySize)
    known.historyTtlMs = rule.historyTtlMs
    return known
  }

  #create(name: string, rule: ChannelRule, nowMs: number): MemoryChannel {
    const channel: MemoryChannel = {
      name,
      epoch: randomBytes(8).toString("base64url"),
      ring: new Ring(rule.historySize, this.#limits.memoryBytes, 0),
      historySize: rule.historySize,
      historyTtlMs: rule.historyTtlMs,
      lastTimeMs: 0,
      usedMs: nowMs,
    }
    this.#channels.set(name, channel)
    this.#blank.add(channel)
    return channel
  }

  #resize(channel: MemoryChannel, historySize: number): void {
    const kept = channel.ring.slice(channel.ring.first, channel.ring.top).slice(-historySize)
    const ring = new Ring(historySize, this.#limits.memoryBytes, channel.ring.top - kept.length)
    for (const publication of kept) ring.append(publication)
    this.#change(channel, () => {
      channel.ring = ring
    })
    channel.historySize = historySize
  }

  #change(channel: MemoryChannel, change: () => void): void {
    const before = channel.ring.bytes
    change()
    this.#bytes += channel.ring.bytes - before
  }

  /**
   * The longest unused lose their publications first, then, with too many channels, their position. Names that somebody
   * only asked about have a tenth of the room: making them up must cost nobody what was published.
   */
  #makeRoom(): void {
    if (this.#bytes > this.#limits.memoryBytes) {
      for (const channel of this.#channels.values()) {
        if (this.#bytes <= this.#limits.memoryBytes) break
        this.#change(channel, () => channel.ring.clear())
      }
    }
    const gone: MemoryChannel[] = []
    while (this.#channels.size > this.#limits.channels) {
      const [oldest] = this.#blank.size > this.#limits.channels / 10 ? this.#blank : this.#channels.values()
      if (oldest === undefined) break
      this.#drop(oldest)
      gone.push(oldest)
    }
    this.#tell(gone)
  }

  #sweepSome(): void {
    const nowMs = this.#clock.nowMs()
    this.#sweep ??= this.#channels.values()
    const gone: MemoryChannel[] = []
    for (let i = 0; i < SWEEP_CHANNELS; i++) {
      const next = this.#sweep.next()
      if (next.done === true) {
        this.#sweep = undefined
        break
      }
      const channel = next.value
      this.#change(channel, () => channel.ring.dropOlderThan(nowMs - channel.historyTtlMs))
      if (nowMs - channel.usedMs <= KEEP_IDLE_MS || channel.ring.count > 0) continue
      this.#drop(channel)
      gone.push(channel)
    }
    this.#tell(gone)
  }

  #drop(channel: MemoryChannel): void {
    this.#change(channel, () => channel.ring.clear())
    this.#channels.delete(channel.name)
    this.#blank.delete(channel)
  }

  /** Offsets start over under a new epoch when they are used again: positions held by subscribers are void now. */
  #tell(gone: readonly MemoryChannel[]): void {
    if (gone.length > 0) this.#listener?.invalidate(gone.map(({ name }) => name))
  }
}

function published(position: Position | undefined, duplicate: boolean): Published {
  return position === undefined ? { duplicate } : { position, duplicate }
}
