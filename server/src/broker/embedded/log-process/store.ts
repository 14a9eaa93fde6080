import type { Database, Statement } from "bun:sqlite"
import {
  isRefused,
  type LogFigures,
  type LogOp,
  OP,
  type Opened,
  type OpenOp,
  type ReadOp,
  type Refused,
  type Ticked,
  type TickOp,
  type WireRow,
} from "../log-wire.ts"
import { BlankChannels } from "./blank-channels.ts"
import { Checkpointer } from "./checkpoint.ts"
import type { LogChannel } from "./log-channel.ts"
import { LogChannels } from "./log-channels.ts"
import { markClean, type OpenedLog } from "./open-log.ts"
import { LogReader } from "./reader.ts"
import { isDamage, isFull, refusal } from "./refusal.ts"
import { pragma } from "./schema.ts"
import { closeDatabase, prepare } from "./statements.ts"
import { Sweeper } from "./sweep.ts"
import { Trimmer } from "./trim.ts"
import { endUnkept } from "./unkept.ts"
import { LogWriter, type WriteOp } from "./writer.ts"

const UNDECLARED: Refused = { e: "storage_unavailable", m: "the log process does not know this handle" }

/** Trimming keeps pace with writing: a slice removes up to twice what was written since the last one. */
const MIN_TRIM_ROWS = 512

/**
 * The log itself: takes ops, answers each. What writes, of all ops of one call, is one transaction; what reads comes after it.
 *
 * Never throws: what the storage refuses becomes the answer of the ops it hit.
 */
export class LogStore {
  readonly #db: Database
  readonly #path: string
  readonly #channels: LogChannels
  readonly #reader: LogReader
  readonly #trimmer: Trimmer
  readonly #writer: LogWriter
  readonly #sweeper: Sweeper
  readonly #checkpointer: Checkpointer
  readonly #begin: Statement
  readonly #commit: Statement
  /** Why nothing is written at present; damage stays until the process is started anew. */
  #refusing: Refused | undefined
  #rowsAtLastTrim = 0
  #nowMs = 0
  #commits = 0
  #commitsAtLastTick = 0
  #commitMsTotal = 0
  #commitMsMax = 0

  constructor(opened: OpenedLog & { readonly db: Database }, path: string, blank = new BlankChannels()) {
    const { db } = opened
    this.#db = db
    this.#path = path
    this.#refusing = opened.refusal
    this.#channels = new LogChannels(db, opened.era, blank)
    this.#reader = new LogReader(db)
    this.#trimmer = new Trimmer(db)
    this.#writer = new LogWriter(db, this.#channels, this.#trimmer)
    this.#sweeper = new Sweeper(db, this.#channels, this.#reader, this.#trimmer, blank)
    this.#checkpointer = new Checkpointer(db)
    this.#begin = prepare(db, "BEGIN IMMEDIATE")
    this.#commit = prepare(db, "COMMIT")
  }

  apply(nowMs: number, ops: readonly LogOp[]): unknown[] {
    this.#nowMs = nowMs
    const answers = new Array<unknown>(ops.length)
    const writes: number[] = []
    for (let i = 0; i < ops.length; i++) {
      const op = ops[i] as LogOp
      if (op[0] === OP.open) {
        answers[i] = this.#openExisting(op, nowMs)
        if (answers[i] === undefined) writes.push(i)
      } else if (op[0] === OP.append || op[0] === OP.remove || op[0] === OP.probe) writes.push(i)
    }
    if (writes.length > 0) this.#write(nowMs, ops, writes, answers)
    for (let i = 0; i < ops.length; i++) answers[i] ??= this.#readOrTend(nowMs, ops[i] as LogOp)
    return answers
  }

  /** A slice of background work; true when there is more of it. */
  tend(): boolean {
    if (this.#refusing !== undefined) return false
    try {
      if (this.#sweeper.blankDue) this.#sweeper.sweepBlank()
      if (this.#trimmer.isDue) this.#trim()
      else if (this.#sweeper.keysDue) this.#sweeper.sweepKeys(this.#nowMs)
    } catch (error) {
      this.#rollback()
      this.#noteFailure(error)
      // Not at once again: the next tick comes soon enough, and publishes tell what is wrong.
      return false
    }
    return this.#trimmer.isDue || this.#sweeper.keysDue || this.#sweeper.blankDue
  }

  close(): void {
    try {
      if (this.#refusing === undefined) {
        markClean(this.#db)
        this.#checkpointer.now()
      }
    } catch (error) {
      // Everything answered is in the WAL. What is lost is the mark that no power failure can have cost anything.
      console.error(`log.db was closed without a last checkpoint: ${refusal(this.#path, error).m}`)
    }
    this.#checkpointer.close()
    closeDatabase(this.#db)
  }

  #write(nowMs: number, ops: readonly LogOp[], writes: readonly number[], answers: unknown[]): void {
    const startedMs = performance.now()
    try {
      if (this.#refusing !== undefined) throw new RefusedError(this.#refusing)
      this.#begin.run()
      for (const i of writes) answers[i] = this.#writeOne(nowMs, ops[i] as WriteOp)
      this.#commit.run()
    } catch (error) {
      this.#rollback()
      this.#refuseAll(ops, writes, answers, this.#noteFailure(error))
      return
    }
    const tookMs = performance.now() - startedMs
    this.#commits++
    this.#commitMsTotal += tookMs
    this.#commitMsMax = Math.max(this.#commitMsMax, tookMs)
  }

  #writeOne(nowMs: number, op: WriteOp): unknown {
    if (op[0] === OP.append) {
      const channel = this.#channels.get(op[1])
      return isUsable(channel) ? this.#writer.append(channel, op, nowMs) : (channel ?? UNDECLARED)
    }
    if (op[0] === OP.open) return this.#opened(op, this.#channels.open(op, nowMs))
    if (op[0] === OP.probe) return this.#writer.probe(nowMs)
    const channel = this.#channels.get(op[1])
    return isUsable(channel) ? this.#writer.remove(channel) : (channel ?? UNDECLARED)
  }

  #openExisting(op: OpenOp, nowMs: number): Opened | Refused | undefined {
    try {
      const channel = this.#channels.openExisting(op, nowMs)
      return channel === undefined ? undefined : this.#opened(op, channel)
    } catch (error) {
      return this.#noteFailure(error)
    }
  }

  #opened(op: OpenOp, channel: LogChannel): Opened {
    // The trimmer may hold an older notion of this channel, with a top that was rolled back since.
    this.#trimmer.forget(channel.id)
    this.#trimmer.noteGrowth(channel)
    const first = this.#reader.keptAfter(channel, this.#nowMs) + 1
    return { epoch: channel.epoch, top: channel.top, first, tail: this.#tail(op, channel, first) }
  }

  /** What the node keeps in memory. With a damaged page in it, nothing: what else the channel has is read as it is asked for. */
  #tail(op: OpenOp, channel: LogChannel, first: number): WireRow[] {
    const [, , , , , limit, maxBytes] = op
    try {
      return this.#reader
        .page(channel, this.#nowMs, { from: first, to: channel.top, limit, maxBytes, reverse: true })
        .reverse()
    } catch (error) {
      if (!isDamage(error) || this.#db.inTransaction) throw error
      this.#noteFailure(error)
      return []
    }
  }

  /** Nothing of these ops remains: what memory holds of their channels is read again. */
  #refuseAll(ops: readonly LogOp[], writes: readonly number[], answers: unknown[], refused: Refused): void {
    const handles = new Set<number>()
    for (const i of writes) {
      const op = ops[i] as WriteOp
      answers[i] = refused
      if (op[0] !== OP.probe) handles.add(op[1])
    }
    for (const handle of handles) this.#reload(handle, refused)
    for (const i of writes) {
      const op = ops[i] as WriteOp
      if (op[0] === OP.open) answers[i] = this.#openUnchanged(op) ?? this.#dropped(op[1], refused)
    }
  }

  #reload(handle: number, refused: Refused): void {
    const channel = this.#channels.get(handle)
    // Its top includes what was rolled back: trimming by it would take what is to be kept.
    if (isUsable(channel)) this.#trimmer.forget(channel.id)
    try {
      this.#channels.reload(handle)
    } catch {
      // Created by the transaction that failed, or unreadable: `refused` says which.
      this.#channels.drop(handle, refused)
    }
  }

  #dropped(handle: number, refused: Refused): Refused {
    this.#channels.drop(handle, refused)
    return refused
  }

  #openUnchanged(op: OpenOp): Opened | undefined {
    try {
      const channel = this.#channels.openUnchanged(op)
      return channel === undefined ? undefined : this.#opened(op, channel)
    } catch {
      // The refusal of the write that failed before this says more.
      return undefined
    }
  }

  #readOrTend(nowMs: number, op: LogOp): unknown {
    if (op[0] === OP.read) return this.#read(nowMs, op)
    if (op[0] === OP.forget) {
      this.#channels.forget(op[1])
      return 0
    }
    return this.#tick(nowMs, op as TickOp)
  }

  #read(nowMs: number, op: ReadOp): unknown {
    const [, handle, from, to, limit, maxBytes, reverse] = op
    const channel = this.#channels.get(handle)
    if (!isUsable(channel)) return channel ?? UNDECLARED
    try {
      return this.#reader.page(channel, nowMs, {
        from,
        to: Math.min(to, channel.top),
        limit,
        maxBytes,
        reverse: reverse === 1,
      })
    } catch (error) {
      return this.#noteFailure(error)
    }
  }

  #tick(nowMs: number, [, kept]: TickOp): Ticked {
    let swept: string[] = []
    let knowsKept = false
    try {
      if (this.#refusing === undefined) {
        if (kept !== undefined) endUnkept(this.#db, kept)
        knowsKept = kept !== undefined
        swept = this.#sweeper.tick(nowMs)
        if (this.#commits === this.#commitsAtLastTick) this.#checkpointer.whenIdle()
        this.#commitsAtLastTick = this.#commits
      }
    } catch (error) {
      this.#rollback()
      this.#noteFailure(error)
    }
    return { figures: this.#figures(), swept, knowsKept }
  }

  #trim(): void {
    const written = this.#writer.rows - this.#rowsAtLastTrim
    this.#rowsAtLastTrim = this.#writer.rows
    this.#trimmer.slice(Math.max(MIN_TRIM_ROWS, 2 * written))
    this.#checkpoint()
  }

  /** After the answers have been sent: whoever waits for a commit should not wait for this too. */
  checkpointIfDue(): void {
    if (this.#refusing !== undefined) return
    try {
      this.#checkpoint()
    } catch (error) {
      this.#noteFailure(error)
    }
  }

  #checkpoint(): void {
    this.#checkpointer.afterCommit()
  }

  #rollback(): void {
    try {
      if (this.#db.inTransaction) this.#db.run("ROLLBACK")
    } catch (error) {
      // SQLite has rolled back by itself, or the file cannot even be read: then every later op says so.
      this.#noteFailure(error)
    }
  }

  #noteFailure(error: unknown): Refused {
    if (error instanceof RefusedError) return error.refused
    const refused = refusal(this.#path, error)
    if (isDamage(error)) this.#refusing ??= refused
    // A checkpoint needs no room for pages the file already has, and lets the next commits reuse the WAL.
    if (isFull(error)) this.#tryCheckpoint()
    return refused
  }

  #tryCheckpoint(): void {
    try {
      this.#checkpointer.now()
    } catch {
      // The disk is full: the publishers have been told already.
      this.#rollback()
    }
  }

  #figures(): LogFigures {
    return {
      pages: pragma(this.#db, "page_count"),
      freePages: pragma(this.#db, "freelist_count"),
      pageBytes: pragma(this.#db, "page_size"),
      walBytes: this.#checkpointer.walBytes,
      commits: this.#commits,
      rows: this.#writer.rows,
      commitMsTotal: this.#commitMsTotal,
      commitMsMax: this.#commitMsMax,
      checkpoints: this.#checkpointer.count,
      checkpointMsMax: this.#checkpointer.maxMs,
      trimmedRows: this.#trimmer.trimmedRows,
    }
  }
}

/** A refusal on its way through code that speaks in exceptions. */
class RefusedError extends Error {
  readonly refused: Refused

  constructor(refused: Refused) {
    super(refused.m)
    this.refused = refused
  }
}

function isUsable(channel: LogChannel | Refused | undefined): channel is LogChannel {
  return channel !== undefined && !isRefused(channel)
}
