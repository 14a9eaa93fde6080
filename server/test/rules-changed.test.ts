import { afterAll, beforeAll, expect, test } from "bun:test"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { TestServer } from "./support/server.ts"

interface Position {
  readonly epoch: string
  readonly offset: number
}

const folder = mkdtempSync(join(tmpdir(), "skein-rules-"))
const file = join(folder, "skein.toml")
const DISK = 'history_size = 100\ndurability = "disk"'

/** The rule of `news-*`; that of `kept-*` never changes. */
function configure(news: string): void {
  const open = (pattern: string, how: string) => `[[channels]]\npattern = "${pattern}"\nsubscribe = "anyone"\n${how}\n`
  writeFileSync(file, open("news-*", news) + open("kept-*", DISK))
}

let server: TestServer
beforeAll(async () => {
  configure(DISK)
  server = await TestServer.start({ args: ["--config", file], env: { SKEIN_LOG_LEVEL: "error" } })
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function publish(channel: string): Promise<Position> {
  const { result, error } = await server.api("publish", { channel, data: { n: 1 } })
  if (!result) throw new Error(`publishing in ${channel}: ${JSON.stringify(error)}`)
  return result as unknown as Position
}

/** What was missed since then, or the code of the refusal. */
async function missedSince(channel: string, since: Position): Promise<number> {
  const { result, error } = await server.api("history", { channel, limit: 100, since })
  if (!result) return error?.code ?? 0
  return (result.publications as unknown[]).length
}

const UNRECOVERABLE = 112

for (const [name, elsewhere] of [
  ["in memory", 'history_size = 100\ndurability = "memory"'],
  ["nowhere", "history_size = 0"],
] as const)
  for (const end of ["kill", "terminate"] as const)
    test(`published while a changed rule kept it ${name}, then changed back (${end}): missed, and told so`, async () => {
      const restart = async (news: string) => {
        await server[end]()
        configure(news)
        await server.begin()
      }
      const [news, kept] = [await publish("news-1"), await publish("kept-1")]
      await restart(DISK)
      expect(await missedSince("news-1", news)).toBe(0)
      await restart(elsewhere)
      await publish("news-1")
      await publish("kept-1")
      await restart(DISK)
      expect(await missedSince("news-1", news)).toBe(UNRECOVERABLE)
      expect(await missedSince("kept-1", kept)).toBe(1)
    }, 60_000)
