import type { Database, Statement } from "bun:sqlite"
import { keyWindowMs } from "../key-window.ts"
import type { Appended, AppendOp, OpenOp, ProbeOp, RemoveOp, WireData } from "../log-wire.ts"
import type { LogChannel } from "./log-channel.ts"
import type { LogChannels } from "./log-channels.ts"
import { prepare } from "./statements.ts"
import type { Trimmer } from "./trim.ts"

export type WriteOp = OpenOp | AppendOp | RemoveOp | ProbeOp

/** Carries out the ops that write, in a transaction that the caller has begun. */
export class LogWriter {
  readonly #channels: LogChannels
  readonly #trimmer: Trimmer
  readonly #insert: Statement
  readonly #findKey: Statement
  readonly #keepKey: Statement
  readonly #setFloor: Statement
  readonly #probe: Statement
  rows = 0

  constructor(db: Database, channels: LogChannels, trimmer: Trimmer) {
    this.#channels = channels
    this.#trimmer = trimmer
    this.#insert = prepare(
      db,
      `INSERT INTO publications(channel_id, "offset", time_ms, data, info, tags) VALUES (?, ?, ?, ?, ?, ?)`,
    )
    this.#findKey = prepare(db, `SELECT "offset" FROM idempotency WHERE channel_id = ? AND key = ? AND expires_ms > ?`)
    this.#keepKey = prepare(
      db,
      `INSERT INTO idempotency(channel_id, key, "offset", expires_ms) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT DO UPDATE SET "offset" = ?3, expires_ms = ?4`,
    )
    this.#setFloor = prepare(db, "UPDATE channels SET floor = ? WHERE id = ?")
    this.#probe = prepare(db, "UPDATE facts SET value = ? WHERE name = 'probed_ms'")
  }

  append(channel: LogChannel, op: AppendOp, nowMs: number): Appended {
    const [, , askedMs, data, info, tags, key] = op
    if (key !== null) {
      const [seen] = this.#findKey.values(channel.id, key, nowMs) as [number][]
      if (seen !== undefined) return { o: seen[0], d: 1 }
    }
    const offset = channel.top + 1
    const timeMs = Math.max(askedMs, channel.lastTimeMs)
    this.#insert.run(channel.id, offset, timeMs, stored(data), info, tags)
    if (key !== null) {
      this.#keepKey.run(channel.id, key, offset, nowMs + keyWindowMs(channel.historyTtlMs))
    }
    channel.top = offset
    channel.lastTimeMs = timeMs
    this.rows++
    this.#channels.touch(channel, nowMs)
    this.#trimmer.noteGrowth(channel)
    return timeMs === askedMs ? offset : { o: offset, t: timeMs }
  }

  /** @returns the offset up to which everything was removed */
  remove(channel: LogChannel): number {
    this.#setFloor.run(channel.top, channel.id)
    channel.floor = channel.top
    this.#trimmer.noteGarbage(channel)
    return channel.floor
  }

  probe(nowMs: number): number {
    this.#probe.run(String(nowMs))
    return 1
  }
}

function stored(data: WireData): string | Uint8Array {
  return typeof data === "string" ? data : Buffer.from(data.b, "base64")
}
