import { Database } from "bun:sqlite"
import { afterEach, expect, test } from "bun:test"
import { cpSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { temporaryFolder } from "../cli/program.ts"
import { TestServer } from "../support/server.ts"

const GUIDES = ["production.md", "production.zh-CN.md"].map((name) =>
  readFileSync(join(import.meta.dir, "../../../docs/guides", name), "utf8"),
)
const CHANNEL = "stream:news"

let server: TestServer | undefined
afterEach(() => server?.stop())

interface History {
  readonly epoch: string
  readonly offset: number
  readonly publications: readonly { readonly data: unknown }[]
}

async function api(method: string, params: object): Promise<History> {
  const { result, error } = (await server?.api(method, { channel: CHANNEL, ...params })) ?? {}
  if (!result) throw new Error(`${method} was refused: ${error?.message}`)
  return result as never
}

const publish = async (...texts: string[]) => {
  for (const text of texts) await api("publish", { data: text })
}
const history = () => api("history", { limit: 100 })

/** What the guide lets its reader run on `log.db`. */
function statements(guide: string): string {
  const [, sql] = /^sqlite3 \S+log\.db "(.+)"$/m.exec(guide) ?? []
  if (sql === undefined) throw new Error("the guide no longer says what to run on log.db")
  return sql
}

test("a backup that is put back as the guide says keeps its histories and voids every position", async () => {
  const backup = join(temporaryFolder(), "backup")
  server = await TestServer.start()
  await publish("one", "two")
  const { epoch } = await history()
  await server.terminate()
  cpSync(server.data, backup, { recursive: true })
  await server.begin()
  // A page has seen these, up to offset 4 of the epoch.
  await publish("lost 3", "lost 4")
  expect((await history()).epoch).toBe(epoch)
  await server.terminate()

  rmSync(server.data, { recursive: true })
  cpSync(backup, server.data, { recursive: true })
  const log = new Database(join(server.data, "log.db"))
  log.run(statements(GUIDES[0] ?? ""))
  log.close()
  await server.begin()
  await publish("new 3", "new 4")
  const restored = await history()
  expect(restored.publications.map(({ data }) => data)).toEqual(["one", "two", "new 3", "new 4"])
  // Offset 4 again, and the page's position is not one of this epoch: it is told, and takes nothing for seen.
  expect([restored.offset, restored.epoch === epoch]).toEqual([4, false])
}, 60_000)

test("both languages of the guide say the same", () => {
  const [english, chinese] = GUIDES.map(statements)
  expect(chinese).toBe(english ?? "")
})
