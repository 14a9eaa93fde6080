import { Database } from "bun:sqlite"
import { afterAll, describe, expect, test } from "bun:test"
import { join } from "node:path"
import { createConnection } from "mysql2/promise"
import pg from "pg"
import { PhpSessions } from "../../src/auth/php/sessions.ts"
import { databaseStore } from "../../src/auth/php/stores/database.ts"
import { stoppedClock } from "../../src/auth/php/testing/clock.ts"
import { FIXTURES, type Fixture, formatOf } from "../../src/auth/php/testing/fixtures.ts"
import { SkeinError } from "../../src/core/errors.ts"
import { freePort } from "../support/ports.ts"
import { until } from "../support/until.ts"
import { startMariaDb, startPostgres } from "./databases.ts"
import { temporaryFolder } from "./services.ts"

/** As Laravel's migration makes it. */
const TABLE =
  "create table sessions (id varchar(255) primary key, user_id bigint null, ip_address varchar(45) null, user_agent text null, payload TEXT_TYPE not null, last_activity integer not null)"
const ROWS = FIXTURES.filter(({ store }) => store === "database")

const stops: (() => Promise<unknown>)[] = []
afterAll(async () => {
  for (const stop of stops.reverse()) await stop()
})

type Insert = (sql: string, values: (string | number)[]) => Promise<unknown>

async function fill(insert: Insert, placeholders: string): Promise<void> {
  for (const { key, value_base64: value, row } of ROWS)
    await insert(`insert into sessions (id, payload, last_activity) values (${placeholders})`, [
      key,
      Buffer.from(value ?? "", "base64").toString("latin1"),
      row?.last_activity ?? 0,
    ])
}

/** Each with the addresses it is reached by, as the PHP package writes them. */
const DATABASES: Readonly<Record<string, () => Promise<readonly string[]>>> = {
  async SQLite() {
    const folder = temporaryFolder()
    const database = new Database(join(folder, "100% #1.sqlite"))
    database.run("pragma journal_mode = wal")
    database.run(TABLE.replace("TEXT_TYPE", "text"))
    await fill(async (sql, values) => database.run(sql, values), "?, ?, ?")
    stops.push(async () => database.close())
    return [`sqlite://${folder}/100%25%20%231.sqlite`]
  },

  async MariaDB() {
    const { port, folder, stop } = await startMariaDb()
    stops.push(stop)
    const connection = await createConnection({ host: "127.0.0.1", port, user: "root" })
    await connection.query("create database shop")
    await connection.query("use shop")
    await connection.query(TABLE.replace("TEXT_TYPE", "longtext"))
    await connection.query("create user skein@localhost identified by 'p@ss'")
    await connection.query("grant select on shop.sessions to skein@localhost")
    await fill((sql, values) => connection.execute(sql, values), "?, ?, ?")
    await connection.end()
    const socket = encodeURIComponent(`${folder}/s.sock`)
    return [
      `mysql://skein:p%40ss@127.0.0.1:${port}/shop`,
      `mysql://skein:p%40ss@localhost:${await freePort()}/shop?socketPath=${socket}`,
    ]
  },

  async PostgreSQL() {
    const { port, folder, stop } = await startPostgres()
    stops.push(stop)
    const client = await connected(port)
    await client.query(TABLE.replace("TEXT_TYPE", "text"))
    await client.query("create role skein login")
    await client.query("grant select on sessions to skein")
    await fill((sql, values) => client.query(sql, values), "$1, $2, $3")
    await client.end()
    return [
      `postgres://skein@127.0.0.1:${port}/postgres`,
      `postgres://skein@localhost:${port}/postgres?host=${encodeURIComponent(folder)}`,
    ]
  },
}

/** PostgreSQL listens a little before it is ready. */
function connected(port: number): Promise<pg.Client> {
  return until(
    async () => {
      const client = new pg.Client({ host: "127.0.0.1", port, user: "postgres", database: "postgres" })
      const isReady = await client.connect().then(
        () => true,
        () => false,
      )
      return isReady && client
    },
    "PostgreSQL lets somebody in",
    30_000,
  )
}

for (const [name, make] of Object.entries(DATABASES)) {
  describe(`Laravel's sessions in ${name}`, () => {
    test("are who they are, with a right to read and no other", async () => {
      const stores = (await make()).map((url) => databaseStore({ url, table: "sessions", timeoutMs: 10_000 }))
      for (const store of stores) {
        stops.push(() => store.close())
        await expectRows(store)
      }
    }, 120_000)
  })
}

async function expectRows(store: ReturnType<typeof databaseStore>): Promise<void> {
  expect(ROWS.length).toBeGreaterThanOrEqual(5)
  for (const fixture of ROWS) {
    const who = await sessionsOf(fixture, store).whoIs(fixture.cookie_header)
    if (fixture.expect === "accept")
      expect(who).toMatchObject({ kind: "known", person: { userId: String(fixture.expected_user_id) } })
    else expect(who).toMatchObject({ kind: "nobody", reason: "session_expired" })
  }
  expect(await store.read("z".repeat(40))).toBeUndefined()
  expect(await store.read("' or 1=1 --")).toBeUndefined()
}

function sessionsOf(fixture: Fixture, store: ReturnType<typeof databaseStore>): PhpSessions {
  const clock = stoppedClock((fixture.evaluate_at ?? 0) * 1_000)
  return new PhpSessions({ format: formatOf(fixture), store, paths: { user: [fixture.user_path] } }, clock)
}

describe("a database that cannot be asked", () => {
  test("is an outage for the moment, in words that show no password", async () => {
    for (const url of [
      `mysql://root:geheim@127.0.0.1:${await freePort()}/shop`,
      `postgres://root:geheim@127.0.0.1:${await freePort()}/shop`,
      "sqlite:///nowhere/at/all.sqlite",
    ]) {
      const store = databaseStore({ url, table: "sessions", timeoutMs: 1_000 })
      const failure = await store.read("x").catch((error: unknown) => error)
      expect(failure).toBeInstanceOf(SkeinError)
      expect((failure as SkeinError).temporary).toBe(true)
      expect(String(failure)).not.toContain("geheim")
      await store.close().catch(() => undefined)
    }
  })

  test("that comes later is read then", async () => {
    const file = join(temporaryFolder(), "later.sqlite")
    const store = databaseStore({ url: `sqlite://${file}`, table: "sessions", timeoutMs: 1_000 })
    await expect(store.read("x")).rejects.toThrow()
    const database = new Database(file)
    database.run(TABLE.replace("TEXT_TYPE", "text"))
    database.run("insert into sessions (id, payload, last_activity) values ('x', 'eA==', 7)")
    expect(await store.read("x")).toEqual({ bytes: Buffer.from("eA=="), writtenAtMs: 7_000 })
    await store.close()
    database.close()
  })

  test("names of tables are checked before anything is asked", () => {
    expect(() => databaseStore({ url: "sqlite:///x", table: "a; drop table b", timeoutMs: 1 })).toThrow("not the name")
    expect(() => databaseStore({ url: "oracle://x", table: "sessions", timeoutMs: 1 })).toThrow("begins with sqlite://")
  })
})
