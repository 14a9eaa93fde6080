import { SQLiteError } from "bun:sqlite"
import type { Refused } from "../log-wire.ts"

/** SQLite's primary result codes that an operator can do something about. */
const LIKELY_CAUSE: Readonly<Record<number, string>> = {
  5: "another process holds the file; is a second server running on this data folder?",
  8: "the file or its file system is read-only",
  10: "the disk failed or a quota is used up; see the kernel's log",
  11: "the file is damaged; stop the server, keep a copy, restore a backup or `sqlite3 log.db .recover`",
  13: "the disk is full; free some space, publishing goes on by itself",
  14: "the folder is missing, not writable or not a folder",
  26: "the file is not a SQLite database, or its header is damaged; move it away or restore a backup",
}

const FULL = 13
const CORRUPT = 11
const NOTADB = 26

function primaryCode(error: unknown): number {
  return error instanceof SQLiteError ? error.errno & 0xff : 0
}

/** Whether going on writing would make it worse. */
export function isDamage(error: unknown): boolean {
  const code = primaryCode(error)
  return code === CORRUPT || code === NOTADB
}

/** Whether the disk has no room left. */
export function isFull(error: unknown): boolean {
  return primaryCode(error) === FULL
}

/** What the publisher and the operator get to read: which file, what happened, what it most likely means. */
export function refusal(path: string, error: unknown): Refused {
  const code = primaryCode(error)
  const what = error instanceof Error ? error.message : String(error)
  const name = error instanceof SQLiteError ? `${error.code ?? "SQLITE"}: ` : ""
  const cause = LIKELY_CAUSE[code]
  return {
    e: code === FULL ? "storage_full" : "storage_unavailable",
    m: `not stored in ${path}: ${name}${what}${cause === undefined ? "" : ` (${cause})`}`,
  }
}
