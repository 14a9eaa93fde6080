import { randomBytes } from "node:crypto"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { SupervisedChild } from "../../child/supervised-child.ts"
import type { Clock } from "../../core/clock.ts"
import { SkeinError } from "../../core/errors.ts"
import type { Logger } from "../../core/logger.ts"
import type { Publication } from "../../core/publication.ts"
import type { ChannelRule } from "../../core/rules.ts"
import type { Broker, BrokerListener, Draft, HistoryPage, HistoryQuery, Published } from "../contract.ts"
import { DurableLog, type DurableLogStats, type LogLink } from "./durable-log.ts"
import { keyWindowMs } from "./key-window.ts"
import { DEFAULT_LIMITS, type EmbeddedLimits } from "./limits.ts"
import type { Durability } from "./log-process/open-log.ts"
import { type KeptPatterns, MAX_LOG_FRAME_BYTES } from "./log-wire.ts"
import { MemoryLog } from "./memory-log.ts"
import { RecentKeys } from "./recent-keys.ts"

/** Where the log is, how surely it is written, and its bounds. */
export interface EmbeddedBrokerOptions {
  /** Folder of `log.db`; created when missing. */
  readonly dataDir: string
  /** `commit`: survives the death of any process. `fsync`: survives the loss of power too, at the price of a disk flush per commit. */
  readonly durability: Durability
  readonly clock: Clock
  readonly log: Logger
  readonly limits?: Partial<EmbeddedLimits>
  /** All rules: channels whose rule keeps nothing on disk lose the positions they have in the log. Absent: none does. */
  readonly rules?: readonly ChannelRule[]
  /** For tests and measurements: something else in the place of the log process. */
  readonly link?: LogLink
}

/** Figures for metrics. */
export interface EmbeddedStats extends DurableLogStats {
  readonly memoryChannels: number
  readonly memoryBytes: number
  readonly memoryKeys: number
}

/** The embedded broker, with its figures. */
export interface EmbeddedBroker extends Broker {
  stats(): EmbeddedStats
}

/** Keys are kept as long as the channel's publications, so their length is bounded. */
const MAX_KEY_BYTES = 128

const LOG_PROCESS = join(import.meta.dirname, "log-process", "main.ts")

/** The broker of one node: durable channels in a log process of its own, everything else in memory. Needs no service. */
export function createEmbeddedBroker(options: EmbeddedBrokerOptions): EmbeddedBroker {
  return new Embedded(options)
}

class Embedded implements EmbeddedBroker {
  readonly #clock: Clock
  readonly #keys: RecentKeys
  readonly #memory: MemoryLog
  readonly #durable: DurableLog
  /** For channels without history: nothing is ever recovered from it, but every answer has a position. */
  readonly #epoch = randomBytes(8).toString("base64url")
  #listener: BrokerListener | undefined
  #isStopping = false

  constructor(options: EmbeddedBrokerOptions) {
    const { dataDir, durability, clock, log } = options
    const limits = { ...DEFAULT_LIMITS, ...options.limits }
    const link =
      options.link ??
      new SupervisedChild({
        name: "log process",
        entry: LOG_PROCESS,
        args: [ensureFolder(dataDir, log), durability],
        maxFrameBytes: MAX_LOG_FRAME_BYTES,
        clock,
        log,
      })
    this.#clock = clock
    this.#keys = new RecentKeys(limits.memoryKeys)
    this.#memory = new MemoryLog(clock, limits, this.#keys)
    const kept = options.rules === undefined ? {} : { kept: keptOf(options.rules) }
    this.#durable = new DurableLog({ link, clock, log, limits, path: join(dataDir, "log.db"), ...kept })
  }

  async start(listener: BrokerListener): Promise<void> {
    this.#listener = listener
    this.#memory.start(listener)
    await this.#durable.start(listener)
  }

  async publish(channel: string, rule: ChannelRule, draft: Draft): Promise<Published> {
    if (this.#isStopping) throw new SkeinError("shutting_down")
    if (draft.idempotencyKey !== undefined) ensureKey(draft.idempotencyKey)
    if (rule.historySize === 0 || draft.skipHistory === true) return this.#carry(channel, draft)
    if (rule.durability === "memory") return this.#memory.publish(channel, rule, draft)
    return this.#durable.publish(channel, rule, draft)
  }

  publishTransient(channel: string, draft: Draft): void {
    this.#listener?.deliver(channel, transient(draft, this.#clock.nowMs()))
  }

  async history(channel: string, rule: ChannelRule, query: HistoryQuery): Promise<HistoryPage> {
    if (rule.historySize === 0) return { publications: [], top: { epoch: this.#epoch, offset: 0 } }
    if (rule.durability === "memory") return this.#memory.history(channel, rule, query)
    return this.#durable.history(channel, rule, query)
  }

  async removeHistory(channel: string, rule: ChannelRule): Promise<void> {
    if (rule.historySize === 0) return
    if (rule.durability === "memory") this.#memory.remove(channel, rule)
    else await this.#durable.remove(channel, rule)
  }

  async probe(): Promise<void> {
    if (this.#isStopping) throw new SkeinError("shutting_down")
    await this.#durable.probe()
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    this.#memory.stop()
    await this.#durable.stop()
  }

  stats(): EmbeddedStats {
    return {
      ...this.#durable.stats(),
      memoryChannels: this.#memory.channels,
      memoryBytes: this.#memory.bytes,
      memoryKeys: this.#keys.size,
    }
  }

  /** To the subscribers and nowhere else. */
  #carry(channel: string, draft: Draft): Published {
    const nowMs = this.#clock.nowMs()
    const key = draft.idempotencyKey
    if (key !== undefined) {
      if (this.#keys.find(channel, key, nowMs) !== undefined) return { duplicate: true }
      this.#keys.keep(channel, key, undefined, nowMs, keyWindowMs(0))
    }
    this.#listener?.deliver(channel, transient(draft, nowMs))
    return { duplicate: false }
  }
}

function transient(draft: Draft, timeMs: number): Publication {
  const { data, info, tags, exclude } = draft
  if (info === undefined && tags === undefined && exclude === undefined) return { data, timeMs }
  return {
    data,
    timeMs,
    ...(info === undefined ? {} : { info }),
    ...(tags === undefined ? {} : { tags }),
    ...(exclude === undefined ? {} : { exclude }),
  }
}

function ensureKey(key: string): void {
  const bytes = Buffer.byteLength(key)
  if (bytes > 0 && bytes <= MAX_KEY_BYTES && key.isWellFormed()) return
  throw new SkeinError(
    "bad_request",
    `expected an idempotency key of 1 to ${MAX_KEY_BYTES} bytes of whole characters, got ${bytes} bytes`,
  )
}

/** Sorted, so that moving rules about in the configuration is no change. */
function keptOf(rules: readonly ChannelRule[]): KeptPatterns {
  const kept = rules.map(({ pattern, historySize, durability }): KeptPatterns[number] => [
    pattern,
    historySize > 0 && durability === "disk" ? 1 : 0,
  ])
  return kept.sort(([a], [b]) => Number(a > b) - Number(a < b))
}

/** A folder that cannot be made does not keep the server from starting: the log process will say what is wrong with it. */
function ensureFolder(dataDir: string, log: Logger): string {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  } catch (error) {
    log.error({ err: error, dataDir }, "the data folder cannot be made")
  }
  return dataDir
}
