import type { Database, Statement } from "bun:sqlite"
import type { BlankChannels } from "./blank-channels.ts"
import { type ChannelRow, type LogChannel, trimSlack } from "./log-channel.ts"
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
const BLANK_PER_SLICE = 500

/** Goes through all channels, a few per tick, and finds what time has made superfluous. */
export class Sweeper {
  readonly #db: Database
  readonly #channels: LogChannels
  readonly #reader: LogReader
  readonly #trimmer: Trimmer
  readonly #blank: BlankChannels
  readonly #next: Statement
  readonly #oldest: Statement
  readonly #newest: Statement
  readonly #deleteChannel: Statement
  readonly #deleteBlank: Statement
  readonly #deleteKeys: Statement
  #cursor = 0
  #keysDue = false
  /** Removed since the last tick: the node has not been told yet. */
  #removed: string[] = []

  constructor(db: Database, channels: LogChannels, reader: LogReader, trimmer: Trimmer, blank: BlankChannels) {
    this.#db = db
    this.#channels = channels
    this.#reader = reader
    this.#trimmer = trimmer
    this.#blank = blank
    this.#next = prepare(db, "SELECT * FROM channels WHERE id > ? ORDER BY id LIMIT ?")
    this.#oldest = prepare(db, `SELECT "offset" FROM publications WHERE channel_id = ? ORDER BY "offset" LIMIT 1`)
    this.#newest = prepare(db, `SELECT "offset" FROM publications WHERE channel_id = ? ORDER BY "offset" DESC LIMIT 1`)
    this.#deleteChannel = prepare(db, "DELETE FROM channels WHERE id = ?")
    // That nothing was published is known already; a mistake about it must not cost a publication.
    this.#deleteBlank = prepare(
      db,
      `DELETE FROM channels WHERE id = ?1 AND floor = 0
        AND NOT EXISTS (SELECT 1 FROM publications WHERE channel_id = ?1) RETURNING name`,
    )
    this.#deleteKeys = prepare(
      db,
      `DELETE FROM idempotency WHERE (channel_id, key) IN
        (SELECT channel_id, key FROM idempotency WHERE expires_ms < ? ORDER BY expires_ms LIMIT ?)`,
    )
  }

  get keysDue(): boolean {
    return this.#keysDue
  }

  /** One step of the round; returns the names of channels removed since the last. */
  tick(nowMs: number): string[] {
    this.#keysDue = true
    const rows = this.#next.all(this.#cursor, CHANNELS_PER_ROUND) as ChannelRow[]
    this.#cursor = rows.length < CHANNELS_PER_ROUND ? 0 : (rows.at(-1)?.id ?? 0)
    const unused = rows.filter((row) => this.#isUnused(row, nowMs))
    if (unused.length > 0)
      inTransaction(this.#db, () => {
        for (const row of unused) this.#deleteChannel.run(row.id)
      })
    for (const row of unused) this.#gone(row.id, row.name)
    const removed = this.#removed
    this.#removed = []
    return removed
  }

  get blankDue(): boolean {
    return this.#blank.areTooMany
  }

  /** Removes some of the blank channels there are too many of; `tick` tells which. */
  sweepBlank(): void {
    const ids = this.#blank.excess(BLANK_PER_SLICE)
    const names = new Map<number, string>()
    inTransaction(this.#db, () => {
      for (const id of ids) {
        const [row] = this.#deleteBlank.values(id) as [string][]
        if (row !== undefined) names.set(id, row[0])
      }
    })
    for (const id of ids) this.#blank.delete(id)
    for (const [id, name] of names) this.#gone(id, name)
  }

  sweepKeys(nowMs: number): void {
    this.#keysDue = this.#deleteKeys.run(nowMs, KEYS_PER_SLICE).changes >= KEYS_PER_SLICE
  }

  #gone(id: number, name: string): void {
    this.#trimmer.forget(id)
    this.#blank.delete(id)
    this.#removed.push(name)
  }

  /** Hands what is too old or too many to the trimmer; true when the whole channel may go. */
  #isUnused(row: ChannelRow, nowMs: number): boolean {
    const declared = this.#channels.named(row.name)
    const oldest = this.#offset(this.#oldest, row.id)
    if (oldest === undefined) {
      if (declared !== undefined) return false
      // From before this process was started.
      if (row.floor === 0) this.#blank.add(row.id)
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

  #asChannel(row: ChannelRow): LogChannel {
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
