import type { Database } from "bun:sqlite"
import { ask, inTransaction } from "./statements.ts"

/** "SKEN": lets `file` and us tell a Skein log from any other SQLite database. */
const APPLICATION_ID = 0x534b454e
const SCHEMA_VERSION = 1

/**
 * A rowid table plus a unique index takes about twice the rows per second of one clustered by (channel, offset):
 * rows are appended at the end of the table whatever their channel, only small index entries go to their place.
 *
 * `channels.floor`: publications up to this offset are gone, even where their rows still wait to be trimmed.
 * A channel's top is the larger of its floor and its newest row, so that publishing needs no update of `channels`.
 */
const SCHEMA = `
CREATE TABLE channels(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  epoch TEXT NOT NULL,
  floor INTEGER NOT NULL DEFAULT 0,
  history_size INTEGER NOT NULL,
  history_ttl_ms INTEGER NOT NULL,
  used_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE publications(
  channel_id INTEGER NOT NULL,
  "offset" INTEGER NOT NULL,
  time_ms INTEGER NOT NULL,
  data ANY NOT NULL,
  info TEXT,
  tags TEXT,
  UNIQUE(channel_id, "offset")
) STRICT;
CREATE TABLE idempotency(
  channel_id INTEGER NOT NULL,
  key TEXT NOT NULL,
  "offset" INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  PRIMARY KEY(channel_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_by_expiry ON idempotency(expires_ms);
CREATE TABLE facts(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO facts VALUES ('era', '0'), ('boot', ''), ('clean', '1'), ('probed_ms', '0');
`

/** @throws Error when the file is somebody else's database or written by a newer version */
export function ensureSchema(db: Database): void {
  const version = pragma(db, "user_version")
  const application = pragma(db, "application_id")
  if (version === SCHEMA_VERSION && application === APPLICATION_ID) return
  if (version !== 0 || application !== 0) {
    throw new Error(
      `expected a Skein log of schema version ${SCHEMA_VERSION}, found application id ${application} version ${version}: ` +
        "the file belongs to another program or to a newer Skein",
    )
  }
  inTransaction(db, () => {
    db.run(SCHEMA)
    db.run(`PRAGMA application_id = ${APPLICATION_ID}`)
    db.run(`PRAGMA user_version = ${SCHEMA_VERSION}`)
  })
}

/** The value of a pragma that answers with one number. */
export function pragma(db: Database, name: string): number {
  const [row] = ask(db, `PRAGMA ${name}`)
  return Number(row?.[0] ?? 0)
}

/** One value of the table `facts`; "" when it is not there. */
export function readFact(db: Database, name: string): string {
  const [row] = ask(db, "SELECT value FROM facts WHERE name = ?", name)
  return String(row?.[0] ?? "")
}

/** Sets one value of the table `facts`. */
export function writeFact(db: Database, name: string, value: string): void {
  ask(db, "INSERT INTO facts VALUES (?1, ?2) ON CONFLICT(name) DO UPDATE SET value = ?2", name, value)
}
