import { Database } from "bun:sqlite"
import { afterEach, beforeEach, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Kysely, Migrator } from "kysely"
import { SkeinError } from "../../core/errors.ts"
import type { ChatStore } from "../contract.ts"
import { MIGRATIONS } from "../sql/migrations.ts"
import { bunSqliteDialect } from "./dialect.ts"
import { openSqliteStore } from "./in-process.ts"
import { childStore, type TemporaryFile, temporaryFile } from "./testing/stores.ts"

const OLDEST = readFileSync(join(import.meta.dirname, "testing/chat-001.sql"), "utf8")
const NAMES = Object.keys(MIGRATIONS)

let temporary: TemporaryFile
beforeEach(() => {
  temporary = temporaryFile()
})
afterEach(() => temporary.remove())

const open = (): Promise<ChatStore> => openSqliteStore({ file: temporary.file, durability: "commit" })

/** Runs SQL on the file while nobody else has it. */
function onFile<T>(work: (database: Database) => T): T {
  const database = new Database(temporary.file, { create: true, strict: true })
  try {
    return work(database)
  } finally {
    database.close()
  }
}

interface Column {
  readonly table: string
  readonly name: string
}

const columnsOf = (database: Database): Column[] =>
  database
    .query<Column, []>(
      `select m.name as "table", c.name, c.type, c."notnull", c.dflt_value, c.pk
       from sqlite_master m join pragma_table_info(m.name) c where m.type = 'table' order by m.name, c.name`,
    )
    .all()

const refusalOf = async (attempt: Promise<unknown>): Promise<SkeinError> => {
  const error = await attempt.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof SkeinError) return error
  throw new Error(`expected a refusal, got ${String(error)}`)
}

test("CHAT-38 a database of the first version: all that was said, read and changed is there, and the chat goes on", async () => {
  onFile((database) => database.run(OLDEST))
  const store = await open()
  const { messages, seqHead, chgHead } = await store.page({ conversationId: "c_lobby", userId: "ann", limit: 10 })
  expect(messages.map(({ seq, senderId, body, state }) => [seq, senderId, body, state])).toEqual([
    [1, "ann", "hello, edited", "live"],
    [2, "bob", "你好 @Ann", "live"],
    [3, "g_mia", "I am a guest", "live"],
    [4, "ann", "", "deleted"],
  ])
  expect([seqHead, chgHead]).toEqual([4, 2])
  const { memberships } = await store.hello({ userId: "ann", limit: 10 })
  expect(memberships.map(({ id, readSeq, unread, mentions }) => [id, readSeq, unread, mentions])).toEqual([
    ["c_direct", 1, 0, 0],
    ["c_lobby", 1, 2, 1],
  ])
  const { conversations } = await store.catchUp({
    userId: "bob",
    conversations: [{ conversationId: "c_lobby", seq: 4, chg: 0 }],
    maxMessages: 200,
    resetPage: 50,
    maxTotal: 1_000,
  })
  expect(conversations[0]?.changes.map(({ chg, op }) => [chg, op])).toEqual([
    [1, "edit"],
    [2, "delete"],
  ])
  expect((await store.isSessionEnded({ sessionId: "l_ended" })).ended).toBe(true)

  const say = (clientId: string) =>
    store.appendMessage({
      conversationId: "c_lobby",
      senderId: "ann",
      clientId,
      kind: "text",
      body: "still here",
      card: '{"title":"of a later version"}',
      mentions: [],
      nowMs: 1_800_000_000_000,
    })
  expect((await say("client-4")).duplicate).toBe(true)
  expect((await say("client-new")).message).toMatchObject({ seq: 5, card: '{"title":"of a later version"}' })
  expect((await store.mergeGuest({ guestId: "g_mia", userId: "bob", nowMs: 1_800_000_000_001 })).merged).toBe(true)
  await store.stop()
})

for (const [index, name] of NAMES.entries())
  test(`CHAT-38 a database that stopped at ${name} ends up with the tables of a new one`, async () => {
    const database = new Database(temporary.file, { create: true, strict: true })
    const db = new Kysely<unknown>({ dialect: bunSqliteDialect(database) })
    const migrator = new Migrator({ db, provider: { getMigrations: async () => MIGRATIONS } })
    const { results = [], error } = await migrator.migrateTo(name)
    expect(error).toBeUndefined()
    expect(results.map(({ migrationName }) => migrationName)).toEqual(NAMES.slice(0, index + 1))
    await db.destroy()
    database.close()
    await (await open()).stop()
    const migrated = onFile(columnsOf)
    temporary.remove()
    temporary = temporaryFile()
    await (await open()).stop()
    expect(migrated).toEqual(onFile(columnsOf))
  })

test("CHAT-38 the tables hold what the model promises, so that later features need no other", async () => {
  await (await open()).stop()
  const columns = onFile(columnsOf)
  const of = (table: string) => columns.filter((column) => column.table === table).map(({ name }) => name)
  expect(of("member")).toEqual(expect.arrayContaining(["read_seq", "recv_seq", "notify", "muted_until", "joined_seq"]))
  expect(of("change")).toEqual(expect.arrayContaining(["conv_id", "chg", "seq", "op", "data", "at"]))
  expect(of("mention")).toEqual(["conv_id", "seq", "user_id"])
})

test("CHAT-38 a migration that cannot be finished leaves nothing half-done behind, and is done when it can", async () => {
  onFile((database) => database.run("create table mention (of_something_else integer)"))
  await expect(open()).rejects.toThrow("mention")
  const ours = onFile(columnsOf).filter(({ table }) => !table.startsWith("kysely_"))
  expect(ours).toMatchObject([{ table: "mention", name: "of_something_else" }])
  onFile((database) => database.run("drop table mention"))
  await (await open()).stop()
})

test("CHAT-38 a clock that was set back between two migrations is no reason to refuse a database", async () => {
  await (await open()).stop()
  onFile((database) => database.run("update kysely_migration set timestamp = '2099-01-01' where name = '001_chat'"))
  await (await open()).stop()
})

test("CHAT-38 a database of a newer version is refused with the reason, and stays as it is", async () => {
  await (await open()).stop()
  onFile((database) =>
    database.run("insert into kysely_migration values ('999_of_the_future', '2030-01-01T00:00:00.000Z')"),
  )
  const refused = await refusalOf(open())
  expect(refused.code).toBe("storage_unavailable")
  expect(refused.message).toContain("newer version of Skein (999_of_the_future)")
  const store = childStore(temporary.file)
  expect((await refusalOf(store.hello({ userId: "ann", limit: 1 }))).message).toContain("newer version")
  await store.stop()
})
