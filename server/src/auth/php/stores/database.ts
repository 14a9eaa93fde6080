import { Database } from "bun:sqlite"
import { READ_LIMITS } from "../reading.ts"
import type { SessionStore, StoredSession } from "../store.ts"
import { storeOutage, within } from "./outage.ts"

/** Which database and table, and how long to wait for it. */
export interface DatabaseStoreOptions {
  /** `sqlite:///path`, `mysql://user:password@host:port/database` or `postgres://…`. */
  readonly url: string
  /** `session.table`; letters, digits and _, with the schema before a dot if need be. */
  readonly table: string
  readonly timeoutMs: number
}

interface SessionRow {
  readonly payload: string | Uint8Array
  /** Unix seconds. */
  readonly last_activity: number | bigint | string
}

/** One question to one table, in the words of one kind of database. */
interface SessionTable {
  rowOf(id: string): Promise<SessionRow | undefined>
  close(): Promise<void>
}

/** Base64 of the largest session, and some blanks. */
const MAX_PAYLOAD_LENGTH = Math.ceil((READ_LIMITS.maxBytes * 4) / 3) + 1_024

/** The table `sessions` of Laravel's `database` driver. The key is the session's id. */
export function databaseStore(options: DatabaseStoreOptions): SessionStore {
  if (!/^\w+(\.\w+)?$/.test(options.table)) throw new Error(`not the name of a table: ${JSON.stringify(options.table)}`)
  const kind = new URL(options.url).protocol.replace(/:$/, "")
  const open = TABLES.get(kind)
  if (!open) throw new Error(`a database address begins with ${[...TABLES.keys()].join("://, ")}://, got ${kind}://`)
  // Drivers are loaded when the first session is read: most servers need none of them.
  let table: Promise<SessionTable> | undefined
  const opened = (): Promise<SessionTable> => {
    table ??= open(options).catch((error: unknown) => {
      // The file may come, the right may be given: tried again with the next question.
      table = undefined
      throw error
    })
    return table
  }
  return {
    async read(key) {
      try {
        return storedOf(
          await within(
            options.timeoutMs,
            opened().then((sessions) => sessions.rowOf(key)),
          ),
        )
      } catch (error) {
        throw storeOutage(`the table ${options.table} (${kind})`, error)
      }
    },
    async close() {
      await (await table)?.close()
    },
  }
}

function storedOf(row: SessionRow | undefined): StoredSession | undefined {
  if (!row) return undefined
  const bytes = typeof row.payload === "string" ? Buffer.from(row.payload, "latin1") : row.payload
  return { bytes, writtenAtMs: Number(row.last_activity) * 1_000 }
}

const TABLES: ReadonlyMap<string, (options: DatabaseStoreOptions) => Promise<SessionTable>> = new Map([
  ["sqlite", sqliteTable],
  ["mysql", mysqlTable],
  ["mariadb", mysqlTable],
  ["postgres", postgresTable],
  ["postgresql", postgresTable],
])

const quoted = (table: string, quote: string): string =>
  table
    .split(".")
    .map((part) => `${quote}${part}${quote}`)
    .join(".")

/** The value's length is looked at by the database, so that a payload too large is never sent. */
const question = (table: string, placeholder: string): string =>
  `select payload, last_activity from ${table} where id = ${placeholder} and length(payload) <= ${MAX_PAYLOAD_LENGTH}`

async function sqliteTable({ url, table, timeoutMs }: DatabaseStoreOptions): Promise<SessionTable> {
  const database = new Database(decodeURIComponent(new URL(url).pathname), { readonly: true })
  database.run(`pragma busy_timeout = ${timeoutMs}`)
  const select = database.prepare<SessionRow, [string]>(question(quoted(table, '"'), "?"))
  return {
    rowOf: async (id) => select.get(id) ?? undefined,
    close: async () => database.close(),
  }
}

async function mysqlTable({ url, table, timeoutMs }: DatabaseStoreOptions): Promise<SessionTable> {
  const { createPool } = await import("mysql2/promise")
  const uri = url.replace(/^mariadb:/, "mysql:")
  const pool = createPool({ uri, connectionLimit: 4, connectTimeout: timeoutMs, maxIdle: 1 })
  const sql = question(quoted(table, "`"), "?")
  return {
    async rowOf(id) {
      const [rows] = await pool.execute(sql, [id])
      return (rows as SessionRow[])[0]
    },
    close: () => pool.end(),
  }
}

async function postgresTable({ url, table, timeoutMs }: DatabaseStoreOptions): Promise<SessionTable> {
  const { Pool } = (await import("pg")).default
  const pool = new Pool({ connectionString: url, max: 4, connectionTimeoutMillis: timeoutMs, query_timeout: timeoutMs })
  // An idle connection that breaks is replaced at the next question, which also reports what is wrong.
  pool.on("error", () => undefined)
  const text = question(quoted(table, '"'), "$1")
  return {
    rowOf: async (id) => (await pool.query<SessionRow>({ text, values: [id] })).rows[0],
    close: () => pool.end(),
  }
}
