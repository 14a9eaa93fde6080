import { afterEach, beforeEach, expect, test } from "bun:test"
import { appendFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { SmallDisk } from "../broker/testing/small-disk.ts"

const MAIN = join(import.meta.dir, "main.ts")
const API_KEY = "the API key of this test"

let disk: SmallDisk
const servers: Bun.Subprocess[] = []
beforeEach(() => {
  disk = new SmallDisk(8)
})
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.kill("SIGKILL")
    await server.exited
  }
  disk.remove()
})

interface Running {
  readonly process: Bun.Subprocess
  api(method: string, params: object): Promise<{ result?: Record<string, unknown>; error?: { message: string } }>
}

/** @throws Error with what it said when it ends instead of being ready */
async function serve(data: string): Promise<Running> {
  const server = Bun.spawn([process.execPath, MAIN, "serve", "--port", "0", "--data", data], {
    env: { ...process.env, SKEIN_API_KEY: API_KEY },
    stdout: "pipe",
    stderr: "pipe",
  })
  servers.push(server)
  const stderr = new Response(server.stderr).text()
  const said = new TextDecoder()
  let text = ""
  for await (const bytes of server.stdout) {
    text += said.decode(bytes, { stream: true })
    const url = /^Skein ready on (\S+)$/m.exec(text)?.[1]
    if (url) return { process: server, api: (method, params) => call(url, method, params) }
  }
  throw new Error(`it ended with ${await server.exited} before it was ready:\n${await stderr}`)
}

async function call(url: string, method: string, params: object) {
  const answer = await fetch(`${url}/api/${method}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-API-Key": API_KEY },
    body: JSON.stringify({ channel: "stream:news", ...params }),
  })
  return (await answer.json()) as { result?: Record<string, unknown>; error?: { message: string } }
}

/** Not a byte is left. */
function fill(file: string): void {
  for (const size of [65_536, 4_096, 1]) {
    try {
      for (;;) appendFileSync(file, Buffer.alloc(size))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error
    }
  }
}

test("a disk that is full when the server comes back: it starts, what is stored is read, publishing says why not", async () => {
  const data = join(disk.path, "data")
  const first = await serve(data)
  expect((await first.api("publish", { data: "kept" })).error).toBeUndefined()
  first.process.kill("SIGKILL")
  await first.process.exited
  // Where a file that is rewritten needs new room first, as on many file systems, these are as good as gone.
  for (const name of ["lock.pid", "lock.url", "lock.db-journal"]) rmSync(join(data, name), { force: true })
  const filler = join(disk.path, "filler")
  fill(filler)

  const second = await serve(data)
  const { result } = await second.api("history", { limit: 10 })
  expect(result?.publications).toMatchObject([{ data: "kept" }])
  const refused = await second.api("publish", { data: "x".repeat(50_000) })
  expect(refused.error?.message).toContain("full")

  rmSync(filler)
  while ((await second.api("publish", { data: "there is room again" })).error) await Bun.sleep(50) // Until the test's own time is over.
})

test("a first start on a full disk is one clear line", async () => {
  fill(join(disk.path, "filler"))
  await expect(serve(join(disk.path, "data"))).rejects.toThrow(/ended with 4 .*\nskein: .*(disk is full).*\n$/)
})
