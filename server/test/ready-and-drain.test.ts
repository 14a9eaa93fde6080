import { afterEach, expect, test } from "bun:test"
import { readdirSync, readFileSync } from "node:fs"
import { Centrifuge } from "centrifuge"
import { ScriptClient } from "./plain/script-client.ts"
import { TestServer } from "./support/server.ts"
import { until } from "./support/until.ts"

const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

async function start(env: Record<string, string> = {}): Promise<TestServer> {
  const server = await TestServer.start({ env: { SKEIN_LOG_LEVEL: "error", ...env } })
  stops.push(() => server.stop())
  return server
}

async function readiness({ url }: TestServer): Promise<{ status: number; said: Record<string, unknown> }> {
  const response = await fetch(`${url}/ready`)
  return { status: response.status, said: (await response.json()) as Record<string, unknown> }
}

/** The process that writes the log of this server. */
function logProcessOf({ pid }: TestServer): number {
  const found = readdirSync("/proc").find((name) => {
    if (!/^\d+$/.test(name)) return false
    try {
      const parent = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${name}/status`, "utf8"))?.[1]
      return Number(parent) === pid && readFileSync(`/proc/${name}/cmdline`, "utf8").includes("log-process")
    } catch {
      // Ended while we looked.
      return false
    }
  })
  if (found === undefined) throw new Error("the server has no log process")
  return Number(found)
}

test("P9: /ready says 503 and why while the log hangs, everything else goes on, and it becomes ready by itself", async () => {
  const server = await start()
  expect(await readiness(server)).toEqual({ status: 200, said: { status: "ready" } })
  const logProcess = logProcessOf(server)
  process.kill(logProcess, "SIGSTOP")
  const { said } = await until(
    async () => {
      const answer = await readiness(server)
      return answer.status === 503 && answer
    },
    "not ready",
    20_000,
  )
  expect(said).toEqual({ status: "not ready", why: expect.stringContaining("the broker has not answered for") })
  expect((await fetch(`${server.url}/health`)).status).toBe(200)
  expect((await server.api("publish", { channel: "public:x", data: 1 })).result).toBeDefined()
  const kept = server.api("publish", { channel: "stream:x", data: 1 })
  process.kill(logProcess, "SIGCONT")
  await until(async () => (await readiness(server)).status === 200, "ready again", 20_000)
  expect((await kept).result).toMatchObject({ offset: 1 })
}, 60_000)

test("P8: SIGTERM: not ready, nobody gets in, closes over the window with codes to come back, exit code 0, nothing lost", async () => {
  const server = await start({ SKEIN_DRAIN_WINDOW: "5s" })
  const scripts = await Promise.all(Array.from({ length: 200 }, () => ScriptClient.open(`${server.wsUrl}/ws`)))
  const centrifuge = new Centrifuge(`${server.wsUrl}/connection/websocket`)
  stops.push(() => centrifuge.disconnect())
  const told: number[] = []
  centrifuge.on("connecting", ({ code }) => told.push(code))
  centrifuge.connect()
  await centrifuge.ready()
  const { result } = await server.api("publish", { channel: "stream:kept", data: "kept" })
  const gone = () => scripts.filter(({ closed }) => closed).length

  const ended = server.terminate()
  await until(() => gone() > 0, "the first are closed")
  expect(gone()).toBeLessThan(scripts.length)
  expect(await readiness(server)).toEqual({ status: 503, said: { status: "draining" } })
  const late = await fetch(`${server.url}/ws`, {
    headers: {
      Connection: "Upgrade",
      Upgrade: "websocket",
      "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    },
  })
  expect(late.status).toBe(503)
  expect(await ended).toBe(0)
  await until(() => gone() === scripts.length, "all are closed")
  for (const { closed } of scripts) expect(closed).toEqual({ code: 3001, reason: "shutdown" })
  // On a socket of its own, so in its own time.
  await until(() => told.includes(3001), "the other client is told too")

  await server.begin()
  const { result: history } = await server.api("history", { channel: "stream:kept", limit: 10 })
  expect(history).toMatchObject({ epoch: result?.epoch, offset: 1, publications: [{ offset: 1, data: "kept" }] })
}, 60_000)
