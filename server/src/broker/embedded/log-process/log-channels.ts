import type { Database, Statement } from "bun:sqlite"
import { randomBytes } from "node:crypto"
import type { OpenOp, Refused } from "../log-wire.ts"
import type { BlankChannels } from "./blank-channels.ts"
import type { ChannelRow, LogChannel } from "./log-channel.ts"
import { prepare } from "./statements.ts"

const DAY_MS = 86_400_000

/** The channels the node has declared, by its handles. */
export class LogChannels {
  readonly #era: string
  readonly #blank: BlankChannels
  readonly #byHandle = new Map<number, LogChannel | Refused>()
  readonly #byName = new Map<string, LogChannel>()
  readonly #find: Statement
  readonly #newest: Statement
  readonly #create: Statement
  readonly #update: Statement
  readonly #touch: Statement
  readonly #truncate: Statement
  readonly #forgetKey: Statement

  constructor(db: Database, era: number, blank: BlankChannels) {
    this.#era = era === 0 ? "" : `.${era}`
    this.#blank = blank
    this.#find = prepare(db, "SELECT * FROM channels WHERE name = ?")
    this.#newest = prepare(
      db,
      `SELECT "offset", time_ms FROM publications WHERE channel_id = ? ORDER BY "offset" DESC LIMIT 1`,
    )
    this.#create = prepare(
      db,
      `INSERT INTO channels(name, epoch, history_size, history_ttl_ms, used_ms) VALUES (?, ?, ?, ?, ?) RETURNING *`,
    )
    this.#update = prepare(
      db,
      "UPDATE channels SET epoch = ?, floor = ?, history_size = ?, history_ttl_ms = ?, used_ms = ? WHERE id = ?",
    )
    this.#touch = prepare(db, "UPDATE channels SET used_ms = ? WHERE id = ?")
    this.#truncate = prepare(db, `DELETE FROM publications WHERE channel_id = ? AND "offset" > ?`)
    this.#forgetKey = prepare(db, `DELETE FROM idempotency WHERE channel_id = ? AND key = ? AND "offset" > ?`)
  }

  get(handle: number): LogChannel | Refused | undefined {
    return this.#byHandle.get(handle)
  }

  named(name: string): LogChannel | undefined {
    return this.#byName.get(name)
  }

  /** The node has to declare it again: what we hold in memory was rolled back, or never came to be. */
  drop(handle: number, refused: Refused): void {
    this.forget(handle)
    this.#byHandle.set(handle, refused)
  }

  /** After a rollback: what the file says. */
  reload(handle: number): void {
    const channel = this.#byHandle.get(handle)
    if (channel === undefined || !("name" in channel)) return
    const row = this.#find.get(channel.name) as ChannelRow | null
    if (row === null) throw new Error(`channel ${channel.name} is gone from the log`)
    Object.assign(channel, this.#load(channel.name, row), {
      historySize: channel.historySize,
      historyTtlMs: channel.historyTtlMs,
    })
  }

  forget(handle: number): void {
    const channel = this.#byHandle.get(handle)
    this.#byHandle.delete(handle)
    // The same channel may be declared under a newer handle by now.
    if (channel !== undefined && "name" in channel && this.#byName.get(channel.name) === channel) {
      this.#byName.delete(channel.name)
      if (channel.top === 0) this.#blank.add(channel.id)
    }
  }

  /** Declares a channel if that needs no writing; undefined if it does. */
  openExisting(op: OpenOp, nowMs: number): LogChannel | undefined {
    const [, handle, name, historySize, historyTtlMs, , , epoch, delivered] = op
    const row = this.#find.get(name) as ChannelRow | null
    if (row === null) return undefined
    const channel = this.#load(name, row)
    const asKnown = epoch === null || (epoch === channel.epoch && delivered === channel.top)
    const asStored = row.history_size === historySize && row.history_ttl_ms === historyTtlMs
    if (!asKnown || !asStored || nowMs - row.used_ms > DAY_MS) return undefined
    return this.#declare(handle, channel)
  }

  /** For a log that cannot be written: takes the channel as it is, if it is as the node knows it. */
  openUnchanged(op: OpenOp): LogChannel | undefined {
    const [, handle, name, historySize, historyTtlMs, , , epoch, delivered] = op
    const row = this.#find.get(name) as ChannelRow | null
    if (row === null) return undefined
    const channel = this.#load(name, row)
    if (epoch !== null && (epoch !== channel.epoch || delivered !== channel.top)) return undefined
    channel.historySize = historySize
    channel.historyTtlMs = historyTtlMs
    return this.#declare(handle, channel)
  }

  /** Declares a channel, creates it if need be, and makes the log agree with what the node has delivered. In a transaction. */
  open(op: OpenOp, nowMs: number): LogChannel {
    const [, handle, name, historySize, historyTtlMs, , , epoch, delivered, keys] = op
    const row = this.#find.get(name) as ChannelRow | null
    if (row === null) {
      const created = this.#create.get(name, newEpoch(), historySize, historyTtlMs, nowMs) as ChannelRow
      return this.#declare(handle, this.#load(name, created))
    }
    let channel = this.#load(name, row)
    let storedEpoch = row.epoch
    if (epoch !== null && epoch === channel.epoch) {
      if (channel.top > delivered) channel = this.#undo(channel, row, delivered, keys)
      // The log is behind what was delivered (an older file was put in its place): its offsets would be given twice.
      if (channel.top < delivered) storedEpoch = newEpoch()
    }
    const opened = { ...channel, epoch: storedEpoch + this.#era, historySize, historyTtlMs, usedMs: nowMs }
    this.#update.run(storedEpoch, opened.floor, historySize, historyTtlMs, nowMs, opened.id)
    return this.#declare(handle, opened)
  }

  /** Keeps a channel that is in use from being swept, at the price of one update a day. In a transaction. */
  touch(channel: LogChannel, nowMs: number): void {
    if (nowMs - channel.usedMs <= DAY_MS) return
    this.#touch.run(nowMs, channel.id)
    channel.usedMs = nowMs
  }

  #undo(channel: LogChannel, row: ChannelRow, delivered: number, keys: readonly string[]): LogChannel {
    this.#truncate.run(channel.id, delivered)
    for (const key of keys) this.#forgetKey.run(channel.id, key, delivered)
    return this.#load(channel.name, { ...row, floor: Math.min(row.floor, delivered) })
  }

  #load(name: string, row: ChannelRow): LogChannel {
    const newest = this.#newest.get(row.id) as { offset: number; time_ms: number } | null
    return {
      id: row.id,
      name,
      epoch: row.epoch + this.#era,
      top: Math.max(row.floor, newest?.offset ?? 0),
      floor: row.floor,
      historySize: row.history_size,
      historyTtlMs: row.history_ttl_ms,
      lastTimeMs: newest?.time_ms ?? 0,
      usedMs: row.used_ms,
    }
  }

  #declare(handle: number, channel: LogChannel): LogChannel {
    this.#byHandle.set(handle, channel)
    this.#byName.set(channel.name, channel)
    this.#blank.delete(channel.id)
    return channel
  }
}

/** 64 random bits: an epoch must not come back by chance. */
export function newEpoch(): string {
  return randomBytes(8).toString("base64url")
}
