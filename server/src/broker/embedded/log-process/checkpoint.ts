import type { Database, Statement } from "bun:sqlite"
import { pragma } from "./schema.ts"
import { prepare } from "./statements.ts"
import { WalFlush } from "./wal-flush.ts"

/** A WAL of this many bytes is copied into the database: about 30 ms of work, between two batches. */
const BUSY_WAL_BYTES = 16 * 1024 * 1024
/** When a second has gone by without a commit, sooner: the next start has less to read. */
const IDLE_WAL_BYTES = 256 * 1024

const WAL_FRAME_HEADER_BYTES = 24

/**
 * Decides when the WAL is copied back. SQLite's own rule (every 1,000 pages, inside some commit) would do it more often,
 * and copies a page that is written again and again each time.
 */
export class Checkpointer {
  readonly #look: Statement
  readonly #run: Statement
  readonly #frameBytes: number
  readonly #flush: WalFlush
  walBytes = 0
  count = 0
  maxMs = 0

  constructor(db: Database) {
    this.#flush = new WalFlush(`${db.filename}-wal`)
    this.#frameBytes = pragma(db, "page_size") + WAL_FRAME_HEADER_BYTES
    // NOOP only reports. A SQLite that does not know the word does a PASSIVE checkpoint, which is earlier than needed.
    this.#look = prepare(db, "PRAGMA wal_checkpoint(NOOP)")
    this.#run = prepare(db, "PRAGMA wal_checkpoint(PASSIVE)")
  }

  afterCommit(): void {
    this.#measure()
    if (this.walBytes >= BUSY_WAL_BYTES) this.now()
    else this.#flush.grewTo(this.walBytes)
  }

  whenIdle(): void {
    if (this.walBytes >= IDLE_WAL_BYTES) this.now()
  }

  /** Nobody else reads this file, so a checkpoint always copies everything and the next commit starts the WAL anew. */
  now(): void {
    const startedMs = performance.now()
    this.#run.values()
    this.walBytes = 0
    this.count++
    this.maxMs = Math.max(this.maxMs, performance.now() - startedMs)
  }

  close(): void {
    this.#flush.close()
  }

  #measure(): void {
    const [row] = this.#look.values() as [number, number, number][]
    const [, inWal = 0, copied = 0] = row ?? []
    // Everything copied: the next commit writes from the start.
    this.walBytes = inWal <= 0 || copied === inWal ? 0 : inWal * this.#frameBytes
  }
}
