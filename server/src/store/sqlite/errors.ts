import { SQLiteError } from "bun:sqlite"
import { SkeinError } from "../../core/errors.ts"

/** What went wrong with the file, as the chat's callers know it; other errors as they are. */
export function toStoreError(error: unknown): unknown {
  if (isFileError(error))
    return new SkeinError("storage_unavailable", `the chat database cannot be opened: ${error.message}`, {
      cause: error,
    })
  if (!(error instanceof SQLiteError)) return error
  const code = error.code ?? ""
  if (code === "SQLITE_FULL" || isNoSpace(error))
    return new SkeinError("storage_full", "nothing can be stored: the disk is full (reading still works)", {
      cause: error,
    })
  if (UNAVAILABLE.test(code))
    return new SkeinError("storage_unavailable", `the chat database cannot be used: ${error.message}`, { cause: error })
  return error
}

const UNAVAILABLE = /^SQLITE_(READONLY|IOERR|CORRUPT|NOTADB|CANTOPEN|BUSY|LOCKED|PERM|PROTOCOL|NOMEM|AUTH)/

/** SQLite reports a full disk met while syncing or growing a file as an I/O error. */
const isNoSpace = (error: SQLiteError): boolean => /no space left|disk is full/i.test(error.message)

/** True when the database failed, false when an operation was refused. */
export const isStorageFailure = (error: unknown): boolean =>
  error instanceof SkeinError && (error.code === "storage_full" || error.code === "storage_unavailable")

/** Of the file system, before SQLite has seen the file. */
const isFileError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && "syscall" in error && typeof (error as NodeJS.ErrnoException).code === "string"
