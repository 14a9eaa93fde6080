import type { Database, Statement } from "bun:sqlite"
import { toWireData, type WireRow } from "../log-wire.ts"
import { type LogChannel, lowerBound } from "./log-channel.ts"
import { prepare } from "./statements.ts"

const COLUMNS = `"offset", time_ms, data, info, tags`

/** Characters an answer row costs besides its payload. */
const ROW_OVERHEAD = 64

type StoredRow = [offset: number, timeMs: number, data: string | Uint8Array, info: string | null, tags: string | null]

/** Reads pages; looks at no row that it does not return, but for a handful to find where age begins. */
export class LogReader {
  readonly #forward: Statement
  readonly #backward: Statement
  readonly #from: Statement

  constructor(db: Database) {
    const page = (order: string) =>
      prepare(
        db,
        `SELECT ${COLUMNS} FROM publications WHERE channel_id = ? AND "offset" BETWEEN ? AND ? ORDER BY "offset" ${order} LIMIT ?`,
      )
    this.#forward = page("ASC")
    this.#backward = page("DESC")
    this.#from = prepare(
      db,
      `SELECT "offset", time_ms FROM publications WHERE channel_id = ? AND "offset" >= ? ORDER BY "offset" LIMIT 1`,
    )
  }

  /** Offset up to which everything is too many, too old or removed. */
  keptAfter(channel: LogChannel, nowMs: number): number {
    const lower = lowerBound(channel)
    const cutoffMs = nowMs - channel.historyTtlMs
    const oldest = this.#at(channel, lower + 1)
    if (oldest === undefined) return channel.top
    if (oldest.timeMs >= cutoffMs) return Math.max(lower, oldest.offset - 1)
    return this.#lastBefore(channel, cutoffMs, oldest.offset)
  }

  /**
   * Rows of `from` to `to`, at most `limit` of them, and no more after the one that exceeds `maxBytes`.
   * In order of offset, with `reverse` newest first.
   */
  page(
    channel: LogChannel,
    nowMs: number,
    range: { from: number; to: number; limit: number; maxBytes: number; reverse: boolean },
  ): WireRow[] {
    const from = Math.max(range.from, this.keptAfter(channel, nowMs) + 1)
    if (from > range.to || range.limit <= 0) return []
    const rows: WireRow[] = []
    let bytes = 0
    // Read in strides: nothing beyond the byte bound is fetched only to be thrown away.
    let [low, high] = [from, range.to]
    while (rows.length < range.limit && bytes < range.maxBytes && low <= high) {
      const stride = Math.min(range.limit - rows.length, STRIDE)
      const statement = range.reverse ? this.#backward : this.#forward
      const stored = statement.values(channel.id, low, high, stride) as StoredRow[]
      for (const row of stored) {
        rows.push([row[0], row[1], toWireData(row[2]), row[3], row[4]])
        bytes += row[2].length + (row[3]?.length ?? 0) + (row[4]?.length ?? 0) + ROW_OVERHEAD
        if (bytes >= range.maxBytes) break
      }
      if (stored.length < stride) break
      const last = rows.at(-1)?.[0] ?? 0
      if (range.reverse) high = last - 1
      else low = last + 1
    }
    return rows
  }

  /** Times do not run backwards, so the last one before the cutoff is found by halving. */
  #lastBefore(channel: LogChannel, cutoffMs: number, tooOld: number): number {
    let old = tooOld
    let end = channel.top
    while (old < end) {
      const middle = this.#at(channel, old + Math.ceil((end - old) / 2))
      if (middle !== undefined && middle.timeMs < cutoffMs) old = middle.offset
      else end = old + Math.ceil((end - old) / 2) - 1
    }
    return old
  }

  #at(channel: LogChannel, offset: number): { offset: number; timeMs: number } | undefined {
    const [row] = this.#from.values(channel.id, offset) as [number, number][]
    return row === undefined ? undefined : { offset: row[0], timeMs: row[1] }
  }
}

const STRIDE = 64
