import { constants, Database } from "bun:sqlite"
import { constants as access, accessSync, existsSync, statSync } from "node:fs"
import { dirname, resolve } from "node:path"
import type { Refused } from "../log-wire.ts"
import { bootName } from "./boot.ts"
import { refusal } from "./refusal.ts"
import { ensureSchema, readFact, writeFact } from "./schema.ts"
import { closeDatabase, inTransaction } from "./statements.ts"

/** `commit`: survives the death of any process. `fsync`: survives the loss of power too. */
export type Durability = "commit" | "fsync"

/** What could be opened: all of it, reading only, nothing. */
export interface OpenedLog {
  readonly db: Database | undefined
  /** Undefined when everything works. */
  readonly refusal: Refused | undefined
  /** Counts losses of power that may have cost committed publications; part of every epoch. */
  readonly era: number
}

/** After a checkpoint a WAL left longer than this by a burst is cut back. */
const KEEP_WAL_BYTES = 32 * 1024 * 1024
const CACHE_KIB = 32 * 1024

/**
 * Opens the log for writing, or else for reading. Never changes a file it cannot use, never throws.
 *
 * @param lockWaitMs how long to wait for a predecessor that is still finishing
 */
export function openLog(path: string, durability: Durability, lockWaitMs: number): OpenedLog {
  let db: Database | undefined
  try {
    db = new Database(path, { create: true, readwrite: true, strict: true })
    configure(db, lockWaitMs)
    ensureSchema(db)
    const era = beginEra(db, durability)
    db.run(`PRAGMA synchronous = ${durability === "fsync" ? "FULL" : "NORMAL"}`)
    return { db, refusal: undefined, era }
  } catch (error) {
    close(db)
    return openForReading(path, openRefusal(path, error))
  }
}

/** Marks that the log was closed with everything on disk: no power loss can void its positions. */
export function markClean(db: Database): void {
  writeFact(db, "clean", "1")
}

function configure(db: Database, lockWaitMs: number): void {
  db.run(`PRAGMA busy_timeout = ${lockWaitMs}`)
  // Set before the first access: then SQLite keeps the index of the WAL in memory and needs no -shm file.
  db.run("PRAGMA locking_mode = EXCLUSIVE")
  db.run("PRAGMA journal_mode = WAL")
  db.run("PRAGMA synchronous = FULL")
  db.run("PRAGMA wal_autocheckpoint = 0")
  db.run(`PRAGMA journal_size_limit = ${KEEP_WAL_BYTES}`)
  db.run(`PRAGMA cache_size = -${CACHE_KIB}`)
  // A damaged page is to be reported, not believed.
  db.run("PRAGMA cell_size_check = ON")
}

/**
 * With durability `commit` the last commits may be gone after a loss of power, and their offsets would be given out
 * again: a client that had seen the lost ones would then miss the new ones without noticing. A new era renames all
 * epochs at once, so that such a client is told to start over.
 */
function beginEra(db: Database, durability: Durability): number {
  let era = Number(readFact(db, "era"))
  const boot = bootName()
  inTransaction(db, () => {
    const crashed = readFact(db, "clean") !== "1"
    if (crashed && readFact(db, "boot") !== boot) writeFact(db, "era", String(++era))
    writeFact(db, "boot", boot)
    writeFact(db, "clean", durability === "fsync" ? "1" : "0")
  })
  return era
}

function openForReading(path: string, refused: Refused): OpenedLog {
  const isReadOnlyDisk = writeObstacle(path) === "EROFS"
  for (const open of isReadOnlyDisk ? [openWithoutLocks, openImmutable] : [openUnwritten, openBesideOthers]) {
    let db: Database | undefined
    try {
      db = open(path)
      db.run("PRAGMA cell_size_check = ON")
      const era = Number(readFact(db, "era"))
      return { db, refusal: refused, era }
    } catch {
      // Expected where the first attempt failed: `refused` already says why, here we only see what is left to read.
      close(db)
    }
  }
  return { db: undefined, refusal: refused, era: 0 }
}

/** Writable as far as the system knows, but writing failed (a full disk, a damaged page): opened the same way, then left. */
function openUnwritten(path: string): Database {
  const db = new Database(path, { create: false, readwrite: true, strict: true })
  db.run("PRAGMA locking_mode = EXCLUSIVE")
  db.run("PRAGMA wal_autocheckpoint = 0")
  return db
}

/** A file we may not write but others may. */
function openBesideOthers(path: string): Database {
  return new Database(path, { readonly: true, strict: true })
}

/**
 * For a WAL on a read-only file system: its index cannot be a file, so it has to be in memory, which SQLite does only
 * for exclusive access, which takes a lock that a read-only file cannot have. Nobody can write there, so none is needed.
 */
function openWithoutLocks(path: string): Database {
  const db = openUri(path, "mode=ro&vfs=unix-none")
  db.run("PRAGMA locking_mode = EXCLUSIVE")
  return db
}

/** On a read-only file system without a WAL: SQLite cannot make the empty one it would start with. */
function openImmutable(path: string): Database {
  const walBytes = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0
  if (walBytes > 0)
    throw new Error("there is a WAL with newer rows: without it an old state would pass for the present")
  return openUri(path, "immutable=1")
}

function openUri(path: string, query: string): Database {
  const { SQLITE_OPEN_READONLY, SQLITE_OPEN_URI } = constants
  const uriPath = resolve(path).split("/").map(encodeURIComponent).join("/")
  return new Database(`file:${uriPath}?${query}`, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI)
}

/** Why nothing can be written there, as the system names it (EROFS, EACCES, ENOENT …). */
function writeObstacle(path: string): string | undefined {
  try {
    accessSync(dirname(path), access.W_OK)
    if (existsSync(path)) accessSync(path, access.W_OK)
    return undefined
  } catch (error) {
    return (error as { code?: string }).code
  }
}

/** SQLite says "disk I/O error" for a read-only disk; the system knows better. */
function openRefusal(path: string, error: unknown): Refused {
  const refused = refusal(path, error)
  const obstacle = writeObstacle(path)
  if (obstacle === undefined) return refused
  const text = OBSTACLES[obstacle] ?? "cannot be written to"
  return { e: refused.e, m: `not stored in ${path}: the data folder ${text} (${obstacle}; SQLite: ${String(error)})` }
}

const OBSTACLES: Readonly<Record<string, string>> = {
  EROFS: "is on a read-only file system",
  EACCES: "or its log.db may not be written by this user: check owner and permissions (read-only)",
  ENOENT: "does not exist and could not be made",
  ENOTDIR: "is not a folder",
}

function close(db: Database | undefined): void {
  try {
    if (db !== undefined) closeDatabase(db)
  } catch {
    // A connection that could not be opened properly may refuse to close; the process holds nothing else of it.
  }
}
