import type { Database, Statement } from "bun:sqlite"

/**
 * Statements held for life, and finished before the connection is closed: SQLite keeps a connection, with its locks,
 * for as long as one statement of it lives, and the next attempt to open the file would find it locked by ourselves.
 */
const held = new WeakMap<Database, Statement[]>()

export function prepare(db: Database, sql: string): Statement {
  const statement = db.prepare(sql)
  const statements = held.get(db)
  if (statements === undefined) held.set(db, [statement])
  else statements.push(statement)
  return statement
}

/** What is held for a connection, as SQL: for the test that none of it reads more than it needs. */
export function heldSql(db: Database): string[] {
  return (held.get(db) ?? []).map((statement) => statement.toString())
}

/** Runs a statement that is needed only once, and finishes it. */
export function ask(db: Database, sql: string, ...values: (string | number)[]): unknown[][] {
  const statement = db.prepare(sql)
  try {
    return statement.values(...values)
  } finally {
    statement.finalize()
  }
}

/** Runs `work` in a transaction: all of it or nothing. @throws what `work` threw, or a rollback that failed */
export function inTransaction(db: Database, work: () => void): void {
  db.run("BEGIN IMMEDIATE")
  try {
    work()
    db.run("COMMIT")
  } catch (error) {
    if (db.inTransaction) db.run("ROLLBACK")
    throw error
  }
}

/** Closes the file and releases its locks. @throws when it cannot be closed */
export function closeDatabase(db: Database): void {
  for (const statement of held.get(db) ?? []) statement.finalize()
  held.delete(db)
  db.close(true)
}
