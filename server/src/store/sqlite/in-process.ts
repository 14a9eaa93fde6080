import { Database } from "bun:sqlite"
import { closeSync, openSync } from "node:fs"
import { Kysely } from "kysely"
import {
  type ChatStore,
  STORE_OPERATIONS,
  type StoreInput,
  type StoreOperation,
  type StoreOutput,
  WRITES,
} from "../contract.ts"
import { migrate } from "../sql/migrations.ts"
import { SQL_OPERATIONS } from "../sql/operations.ts"
import type { Tables } from "../sql/schema.ts"
import { bunSqliteDialect } from "./dialect.ts"
import { toStoreError } from "./errors.ts"
import { GroupCommit } from "./group-commit.ts"

/** Which file, and how surely it is written. */
export interface SqliteOptions {
  /** Path of the database file; `:memory:` for tests. */
  readonly file: string
  /** `commit`: survives kill -9. `fsync`: survives power loss too. */
  readonly durability: "commit" | "fsync"
}

const LOCK_WAIT_MS = 5_000

export type CallStore = <O extends StoreOperation>(operation: O, input: StoreInput<O>) => Promise<StoreOutput<O>>

/**
 * Opens the file and brings its tables up to date. @throws SkeinError `storage_unavailable`, `storage_full`
 *
 * @param opened - called with the ready database (tests take its room or its rights away)
 */
export async function openSqliteStore(
  options: SqliteOptions,
  opened: (database: Database) => void = () => undefined,
): Promise<ChatStore> {
  const database = open(options)
  const db = new Kysely<Tables>({ dialect: bunSqliteDialect(database) })
  try {
    await migrate(db)
  } catch (error) {
    // With its statements: otherwise the file stays locked for as long as this process lives.
    await db.destroy()
    database.close()
    throw toStoreError(error)
  }
  opened(database)
  const commits = new GroupCommit(database)
  const writes = new Set<StoreOperation>(WRITES)
  const call: CallStore = (operation, input) =>
    new Promise((resolve, reject) => {
      commits.add({
        write: writes.has(operation),
        run: () => SQL_OPERATIONS[operation](db, input),
        resolve: resolve as (answer: unknown) => void,
        reject,
      })
    })
  return storeOf(call, async () => {
    await commits.idle()
    await db.destroy()
    database.close()
  })
}

/** A store whose every operation goes through one function. */
export function storeOf(call: CallStore, stop: () => Promise<void>): ChatStore {
  const operations = STORE_OPERATIONS.map((operation) => [operation, (input: never) => call(operation, input)])
  return { ...Object.fromEntries(operations), stop } as ChatStore
}

function open({ file, durability }: SqliteOptions): Database {
  try {
    // Nobody else on the machine reads along; SQLite gives its side files the same rights.
    if (file !== ":memory:") closeSync(openSync(file, "a", 0o600))
    const database = new Database(file, { create: true, strict: true })
    // Nobody else has business with the file: locking it once for all saves shared memory and system calls.
    database.run("pragma locking_mode = exclusive")
    // The process before us may still be finishing what it accepted.
    database.run(`pragma busy_timeout = ${LOCK_WAIT_MS}`)
    database.run("pragma journal_mode = wal")
    database.run(`pragma synchronous = ${durability === "fsync" ? "full" : "normal"}`)
    database.run("pragma cache_size = -16000")
    return database
  } catch (error) {
    throw toStoreError(error)
  }
}
