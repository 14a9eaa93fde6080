import type { Database, Statement } from "bun:sqlite"
import { type LogChannel, trimSlack } from "./log-channel.ts"
import type { LogChannels } from "./log-channels.ts"
import type { LogReader } from "./reader.ts"
import { inTransaction, prepare } from "./statements.ts"
import type { Trimmer } from "./trim.ts"

const DAY_MS = 86_400_000
/** A channel that was only ever asked about. */
const KEEP_UNUSED_MS = DAY_MS
/** A channel's epoch and top outlive its publications by this, so that late returners are told the truth. */
const KEEP_EMPTY_MS = 30 * DAY_MS

const CHANNELS_PER_ROUND = 200
const KEYS_PER_SLICE = 1_000

/** Goes through all channels, a few per tick, and finds what time has made superfluous. */
export class Sweeper {
  readonly #db: Database
  readonly #channels: LogChannels
  readonly #reader: LogReader
  readonly #trimmer: Trimmer
  readonly #next: Statement
  readonly #oldest: Statement
  readonly #newest: Statement
  readonly #deleteChannel: Statement
  readonly #deleteKeys: Statement
  #cursor = 0
  #keysDue = false

  constructor(db: Database, channels: LogChannels, reader: LogReader, trimmer: Trimmer) {
    this.#db = db
    this.#channels = channels
    this.#reader = reader
    this.#trimmer = trimmer
    this.#next = prepare(db, "SELECT * FROM channels WHERE id > ? ORDER BY id LIMIT ?")
    this.#oldest = prepare(db, `SELECT "offset" FROM publications WHERE channel_id = ? ORDER BY "offset" LIMIT 1`)
    this.#newest = prepare(db, `SELECT "offset" FROM publications WHERE channel_id = ? ORDER BY "offset" DESC LIMIT 1`)
    this.#deleteChannel = prepare(db, "DELETE FROM channels WHERE id = ?")
    this.#deleteKeys = prepare(
      db,
      `DELETE FROM idempotency WHERE (channel_id, key) IN
        (SELECT channel_id, key FROM idempotency WHERE expires_ms < ? ORDER BY expires_ms LIMIT ?)`,
    )
  }

  get keysDue(): boolean {
    return this.#keysDue
  }

  /** One step of the round; returns the names of channels removed. */
  tick(nowMs: number): string[] {
    this.#keysDue = true
    const rows = this.#next.all(this.#cursor, CHANNELS_PER_ROUND) as SweptRow[]
    this.#cursor = rows.length < CHANNELS_PER_ROUND ? 0 : (rows.at(-1)?.id ?? 0)
    const unused = rows.filter((row) => this.#isUnused(row, nowMs))
    if (unused.length === 0) return []
    inTransaction(this.#db, () => {
      for (const row of unused) this.#deleteChannel.run(row.id)
    })
    for (const row of unused) this.#trimmer.forget(row.id)
    return unused.map((row) => row.name)
  }

  sweepKeys(nowMs: number): void {
    this.#keysDue = this.#deleteKeys.run(nowMs, KEYS_PER_SLICE).changes >= KEYS_PER_SLICE
  }

  /** Hands what is too old or too many to the trimmer; true when the whole channel may go. */
  #isUnused(row: SweptRow, nowMs: number): boolean {
    const declared = this.#channels.named(row.name)
    const oldest = this.#offset(this.#oldest, row.id)
    if (oldest === undefined) {
      if (declared !== undefined) return false
      return nowMs - row.used_ms > (row.floor === 0 ? KEEP_UNUSED_MS : KEEP_EMPTY_MS)
    }
    const channel = declared ?? this.#asChannel(row)
    const keptAfter = this.#reader.keptAfter(channel, nowMs)
    const isAged = keptAfter > Math.max(channel.floor, channel.top - channel.historySize)
    if (isAged) channel.floor = keptAfter
    if (isAged || oldest <= channel.floor || keptAfter - oldest >= trimSlack(channel.historySize)) {
      this.#trimmer.noteGarbage(channel)
    }
    return false
  }

  #asChannel(row: SweptRow): LogChannel {
    return {
      id: row.id,
      name: row.name,
      epoch: row.epoch,
      floor: row.floor,
      top: Math.max(row.floor, this.#offset(this.#newest, row.id) ?? 0),
      historySize: row.history_size,
      historyTtlMs: row.history_ttl_ms,
      lastTimeMs: 0,
      usedMs: row.used_ms,
    }
  }

  #offset(statement: Statement, channelId: number): number | undefined {
    const [row] = statement.values(channelId) as [number][]
    return row?.[0]
  }
}

interface SweptRow {
  id: number
  name: string
  epoch: string
  floor: number
  history_size: number
  history_ttl_ms: number
  used_ms: number
}
