import type { Database, Statement } from "bun:sqlite"
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely"

type Binding = string | number | bigint | boolean | null

/** Prepared statements kept. Our statements are few; lists in them come in few lengths. */
const MAX_STATEMENTS = 300

/** Kysely over one open bun:sqlite database. Whoever uses it takes care that transactions do not mix. */
export function bunSqliteDialect(database: Database): Dialect {
  return {
    createAdapter: () => new TransactionalDdlAdapter(),
    createDriver: () => new BunSqliteDriver(new BunSqliteConnection(database)),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  }
}

/** SQLite can undo a table it has made: a migration that is cut off half-way leaves nothing behind. */
class TransactionalDdlAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

class BunSqliteDriver implements Driver {
  readonly #connection: BunSqliteConnection

  constructor(connection: BunSqliteConnection) {
    this.#connection = connection
  }

  async init(): Promise<void> {
    await this.#connection.executeQuery(CompiledQuery.raw("select 1"))
  }
  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection
  }
  async beginTransaction(): Promise<void> {
    await this.#connection.executeQuery(CompiledQuery.raw("begin immediate"))
  }
  async commitTransaction(): Promise<void> {
    await this.#connection.executeQuery(CompiledQuery.raw("commit"))
  }
  async rollbackTransaction(): Promise<void> {
    await this.#connection.executeQuery(CompiledQuery.raw("rollback"))
  }
  async releaseConnection(): Promise<void> {
    // There is one connection, and it stays.
  }
  async destroy(): Promise<void> {
    this.#connection.finalize()
  }
}

class BunSqliteConnection implements DatabaseConnection {
  readonly #database: Database
  readonly #statements = new Map<string, Statement>()

  constructor(database: Database) {
    this.#database = database
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const statement = this.#prepare(sql)
    const bindings = parameters as readonly Binding[] as Binding[]
    if (statement.columnNames.length > 0) return { rows: statement.all(...bindings) as R[] }
    const { changes, lastInsertRowid } = statement.run(...bindings)
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) }
  }

  async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    yield await this.executeQuery<R>(query)
  }

  finalize(): void {
    for (const statement of this.#statements.values()) statement.finalize()
    this.#statements.clear()
  }

  /** The oldest used goes first when there are too many. */
  #prepare(sql: string): Statement {
    const known = this.#statements.get(sql)
    const statement = known ?? this.#database.prepare(sql)
    this.#statements.delete(sql)
    this.#statements.set(sql, statement)
    if (known === undefined && this.#statements.size > MAX_STATEMENTS) this.#forgetOldest()
    return statement
  }

  #forgetOldest(): void {
    for (const [sql, statement] of this.#statements) {
      statement.finalize()
      this.#statements.delete(sql)
      return
    }
  }
}
