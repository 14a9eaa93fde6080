import { Database } from "bun:sqlite"
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import type { Secrets } from "../config/config.ts"
import { CliError, EXIT } from "./exit.ts"
import { makeSecrets, readSecrets, tightenSecrets } from "./secrets.ts"

/** A data folder that this process alone works in. */
export interface DataFolder {
  readonly path: string
  readonly secrets: Secrets
  /** Nobody has served from it yet, though an attempt may have failed: that its secrets were made has to be said. */
  readonly isNew: boolean
  /** Worth a warning in the log. */
  readonly warnings: readonly string[]
  /** Leaves a note for `skein doctor` where this process listens. */
  announce(url: string): void
  release(): void
}

/** Beside the lock, for people and for `skein doctor`: who holds it, and where that process listens. */
export const NOTES = { pid: "lock.pid", url: "lock.url" } as const

/** A server that is about to end lets go of the folder within this time (its launcher was killed, a rolling restart). */
const LOCK_PATIENCE_MS = 2_500

/**
 * Opens a data folder for this process alone, making it (mode 700) and its secrets (mode 600) when they are missing.
 *
 * @param path - absolute
 * @throws CliError `dataFolder`, `dataFolderInUse`
 */
export async function openDataFolder(path: string, patienceMs = LOCK_PATIENCE_MS): Promise<DataFolder> {
  ensureWritableFolder(path)
  const lock = await takeLock(path, patienceMs)
  try {
    const kept = readSecrets(path)
    const secrets = kept ?? makeSecrets(path)
    return {
      path,
      secrets,
      isNew: kept === undefined || !existsSync(join(path, NOTES.url)),
      warnings: warningsOf(path),
      announce: (url) => leaveNote(join(path, NOTES.url), url),
      release: () => lock.close(),
    }
  } catch (error) {
    lock.close()
    throw unusable(path, error)
  }
}

function ensureWritableFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    throw unusable(path, error)
  }
}

function unusable(path: string, error: unknown): CliError {
  const { code, message } = error as NodeJS.ErrnoException
  // An error without a code is one of ours, whose message is complete.
  if (code === undefined) return new CliError(EXIT.dataFolder, message)
  return new CliError(EXIT.dataFolder, `cannot use the data folder ${path}: ${REASONS[code] ?? message}`)
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "this user may not write there (EACCES); choose another with --data or change its owner",
  EPERM: "this user may not write there (EPERM); choose another with --data or change its owner",
  EROFS: "its file system is read-only (EROFS); choose another with --data",
  EEXIST: "there is a file of that name (EEXIST); name a folder with --data",
  ENOENT: "it is not there and cannot be made there (ENOENT); choose another with --data",
  ENOTDIR: "a part of the path is a file (ENOTDIR); name a folder with --data",
  ENOSPC: "the disk is full (ENOSPC); make room, or choose another with --data",
}

function warningsOf(path: string): string[] {
  const warnings: string[] = []
  if (tightenSecrets(path)) warnings.push(`secrets.json in ${path} could be read by others; that has been changed`)
  if ((statSync(path).mode & 0o007) !== 0)
    warnings.push(`the data folder ${path} is open to other users of this machine: chmod 700 ${path}`)
  return warnings
}

/**
 * An exclusive SQLite transaction that is never ended: a lock the kernel gives back even after kill -9, on every
 * platform, with nothing stale to clean up.
 */
async function takeLock(folder: string, patienceMs: number): Promise<Database> {
  const deadlineMs = performance.now() + patienceMs
  const note = join(folder, NOTES.pid)
  for (;;) {
    const lock = tryLock(join(folder, "lock.db"))
    if (lock) {
      leaveNote(note, String(process.pid))
      return lock
    }
    if (performance.now() >= deadlineMs)
      throw new CliError(
        EXIT.dataFolderInUse,
        `another Skein server works in the data folder ${folder}${holder(note)}: stop it, or give this one its own folder with --data`,
      )
    await delay(50)
  }
}

/** Not needed for anything but information: on a full disk the server starts without, so that what is stored can be read. */
function leaveNote(file: string, text: string): void {
  try {
    writeFileSync(file, `${text}\n`, { mode: 0o600 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error
    rmSync(file, { force: true })
  }
}

function tryLock(file: string): Database | undefined {
  let lock: Database | undefined
  // Who may read the file may lock it as well, and would keep the server from starting.
  const umask = process.umask(0o077)
  try {
    const known = statSync(file, { throwIfNoEntry: false })
    if (known && (known.mode & 0o077) !== 0 && known.uid === process.geteuid?.()) chmodSync(file, 0o600)
    lock = new Database(file, { create: true, strict: true })
    lock.run("PRAGMA locking_mode = EXCLUSIVE")
    // Nothing is ever written; a journal file would need room on a disk that may have none.
    lock.run("PRAGMA journal_mode = MEMORY")
    lock.run("BEGIN EXCLUSIVE")
    return lock
  } catch (error) {
    lock?.close()
    const { code } = error as { code?: string }
    if (code === "SQLITE_BUSY") return undefined
    throw new CliError(EXIT.dataFolder, `cannot lock ${file}: ${error instanceof Error ? error.message : error}`)
  } finally {
    process.umask(umask)
  }
}

function holder(note: string): string {
  try {
    const pid = Number(readFileSync(note, "utf8"))
    return Number.isInteger(pid) && pid > 0 ? ` (process ${pid})` : ""
  } catch {
    return "" // The note only informs; the lock is what counts.
  }
}
