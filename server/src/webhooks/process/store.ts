import { Database } from "bun:sqlite"
import type { StoredEvent, Told, ToldChange } from "../event.ts"

/** A kept event, for one endpoint. */
export interface Kept {
  readonly sequence: number
  readonly endpoint: string
  readonly channel: string
  readonly timeMs: number
  readonly bytes: number
}

const SCHEMA = `
CREATE TABLE IF NOT EXISTS events (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  channel TEXT NOT NULL,
  time_ms INTEGER NOT NULL,
  body TEXT NOT NULL,
  UNIQUE (endpoint, id)
);
CREATE TABLE IF NOT EXISTS told (
  app TEXT NOT NULL,
  channel TEXT NOT NULL,
  user TEXT NOT NULL,
  PRIMARY KEY (app, channel, user)
) WITHOUT ROWID;
`

/** An event as receivers see it. */
function eventBody({ name, channel, fields, id }: StoredEvent): string {
  return JSON.stringify({ name, channel, ...fields, id })
}

/** `webhooks.db`: what is still to be delivered, and what the back ends have been told. */
export class WebhookStore {
  readonly #db: Database

  /** @throws SQLite's error when the file cannot be opened or written */
  constructor(path: string) {
    this.#db = new Database(path, { create: true, readwrite: true, strict: true })
    this.#db.run("PRAGMA busy_timeout = 5000")
    this.#db.run("PRAGMA locking_mode = EXCLUSIVE")
    this.#db.run("PRAGMA journal_mode = WAL")
    this.#db.run("PRAGMA synchronous = NORMAL")
    this.#db.run(SCHEMA)
  }

  /** Runs all of `work` or none of it. */
  together<T>(work: () => T): T {
    return this.#db.transaction(work)()
  }

  /** @returns undefined when it is there already: the node did not hear that it was added */
  add(endpoint: string, event: StoredEvent): Kept | undefined {
    const { id, channel, timeMs } = event
    const body = eventBody(event)
    const { changes, lastInsertRowid } = this.#db
      .query("INSERT OR IGNORE INTO events (id, endpoint, channel, time_ms, body) VALUES (?, ?, ?, ?, ?)")
      .run(id, endpoint, channel, timeMs, body)
    return changes === 0
      ? undefined
      : { sequence: Number(lastInsertRowid), endpoint, channel, timeMs, bytes: Buffer.byteLength(body) }
  }

  tell({ appId, channel, userId = "", isTrue }: ToldChange): void {
    const sql = isTrue
      ? "INSERT OR IGNORE INTO told (app, channel, user) VALUES (?, ?, ?)"
      : "DELETE FROM told WHERE app = ? AND channel = ? AND user = ?"
    this.#db.query(sql).run(appId, channel, userId)
  }

  told(): Told[] {
    const rows = this.#db.query<{ app: string; channel: string; user: string }, []>("SELECT * FROM told").all()
    return rows.map(({ app, channel, user }) => ({ appId: app, channel, ...(user === "" ? {} : { userId: user }) }))
  }

  all(): Kept[] {
    return this.#db
      .query<Kept, []>(
        "SELECT sequence, endpoint, channel, time_ms AS timeMs, octet_length(body) AS bytes FROM events ORDER BY sequence",
      )
      .all()
  }

  body(sequence: number): { readonly id: string; readonly body: string } | undefined {
    const query = this.#db.query<{ id: string; body: string }, [number]>(
      "SELECT id, body FROM events WHERE sequence = ?",
    )
    return query.get(sequence) ?? undefined
  }

  remove(sequences: readonly number[]): void {
    const remove = this.#db.query("DELETE FROM events WHERE sequence = ?")
    this.together(() => {
      for (const sequence of sequences) remove.run(sequence)
    })
  }

  close(): void {
    this.#db.close()
  }
}
