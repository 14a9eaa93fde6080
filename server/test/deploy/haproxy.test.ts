import { afterAll, beforeAll, expect, test } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { freePort } from "../support/ports.ts"
import { SystemProgram } from "../support/program.ts"
import { API_KEY, TestServer } from "../support/server.ts"
import { until } from "../support/until.ts"
import { CHANNEL, CHANNEL_RULES, Listener, Publisher } from "./support/client.ts"
import { type Haproxy, SITES, startShippedHaproxy } from "./support/haproxy.ts"
import { holderOf } from "./support/holder.ts"
import { ROOT } from "./support/shipped.ts"
import { get, upgrade } from "./support/through.ts"

const [SITE_A, SITE_B] = SITES
const PROXY = "127.0.0.1"
const CLIENT = "127.0.0.2"
const APPS = { a: { key: "key-of-a", id: "id-of-a" }, b: { key: "key-of-b", id: "id-of-b" } } as const

const settings = (app: { key: string; id: string }) => ({
  SKEIN_MODE: "production",
  SKEIN_SERVER_TRUSTED_PROXIES: PROXY,
  SKEIN_AUTH_ALLOW_ANONYMOUS: "true",
  SKEIN_API_KEY: API_KEY,
  SKEIN_CHANNELS: CHANNEL_RULES,
  SKEIN_DRAIN_WINDOW: "100ms",
  SKEIN_PUSHER_APPS: JSON.stringify([{ ...app, secret: "secret-of-the-app-0123" }]),
})

/** Site A: two servers on one data folder. Site B: one server with a folder of its own. */
const dataA = mkdtempSync(join(tmpdir(), "skein-ha-"))
const servers: { active: SystemProgram; standby: SystemProgram }[] = []
let siteB: TestServer
let haproxy: Haproxy
let portsA: { active: number; standby: number }

function startA(port: number): SystemProgram {
  const args = ["serve", "--standby", "--port", String(port), "--data", dataA]
  return new SystemProgram("node", [join(ROOT, "server/bin/skein.mjs"), ...args], settings(APPS.a))
}

beforeAll(async () => {
  portsA = { active: await freePort(), standby: await freePort() }
  const active = startA(portsA.active)
  await active.ready(() => active.said.includes("Skein ready"), "is ready")
  const standby = startA(portsA.standby)
  await standby.ready(() => standby.said.includes("standing by"), "stands by")
  servers.push({ active, standby })
  siteB = await TestServer.start({ env: settings(APPS.b) })
  haproxy = await startShippedHaproxy({
    a: portsA,
    b: { active: siteB.port, standby: await freePort() },
    apps: "key-of-a site_a\nid-of-a site_a\nkey-of-b site_b\nid-of-b site_b\n",
  })
  await until(async () => (await ready(SITE_A)) && ready(SITE_B), "both sites answer", 30_000)
}, 90_000)
afterAll(async () => {
  await haproxy?.stop()
  for (const { active, standby } of servers) for (const server of [active, standby]) await server.stop("SIGKILL")
  await siteB?.stop()
  rmSync(dataA, { recursive: true, force: true, maxRetries: 5 })
})

const at = (host: string) => ({ url: `https://127.0.0.1:${haproxy.port}`, host })
const ready = async (host: string) => (await get({ port: haproxy.port, host, path: "/ready" })).status === 200
const socketUrl = () => `wss://127.0.0.1:${haproxy.port}/connection/websocket`

test("each site has its own node; what is published on one is not on the other", async () => {
  const [a, b] = [new Listener(socketUrl(), SITE_A), new Listener(socketUrl(), SITE_B)]
  await Promise.all([a.ready(), b.ready()])
  const publishers = [new Publisher(() => at(SITE_A), API_KEY), new Publisher(() => at(SITE_B), API_KEY)]
  await until(() => publishers.every(({ acknowledged }) => acknowledged >= 3), "three publications each")
  const [countA = 0, countB = 0] = await Promise.all(publishers.map((publisher) => publisher.stop()))
  await until(() => a.heard.length >= countA && b.heard.length >= countB, "everything is heard")
  expect([a.heard, b.heard]).toEqual([numbers(countA), numbers(countB)])
  for (const listener of [a, b]) listener.stop()
  const unknown = await get({ port: haproxy.port, host: "who.example", path: "/" })
  expect(unknown.status).toBe(421)
})

test("a Pusher app has its node under any host name", async () => {
  for (const { key, id } of Object.values(APPS)) {
    const { status, socket } = await upgrade({ port: haproxy.port, host: "ws.example", path: `/app/${key}` })
    socket.destroy()
    expect([key, status]).toEqual([key, 101])
    const answer = await get({ port: haproxy.port, host: "ws.example", path: `/apps/${id}/channels` })
    // The right node knows the app and misses the signature; another would not know the app.
    expect([id, answer.status]).toEqual([id, 401])
  }
  for (const path of ["/app/nobodys", "/r/0123456789abcdef/app/nobodys", "/pusher/app/nobodys/1/0123abcd/xhr"])
    expect([path, (await get({ port: haproxy.port, host: "ws.example", path })).status]).toEqual([path, 421])
})

test("wherever its key stands, an app is found: clients that recover, that have no WebSockets, that ask for a signature", async () => {
  for (const { key } of Object.values(APPS)) {
    for (const kind of ["r", "s"]) {
      const path = `/${kind}/0123456789abcdef/app/${key}?protocol=7`
      const { socket, body } = await upgrade({ port: haproxy.port, host: "ws.example", path })
      let said = body
      socket.on("data", (bytes: Buffer) => {
        said += bytes.toString("latin1")
      })
      // Another node would not know the key, and say so in its first frame.
      await until(() => said.includes("pusher:"), `the first frame of ${path}`)
      socket.destroy()
      expect([path, said]).toEqual([path, expect.stringContaining("connection_established")])
    }
    // Not for GET, says the node.
    for (const path of [`/pusher/app/${key}/1/0123abcd/xhr_send`, `/pusher/auth?key=${key}`])
      expect([path, (await get({ port: haproxy.port, host: "ws.example", path })).status]).toEqual([path, 404])
  }
})

test("a client's true address is seen, and what it forges changes nothing", async () => {
  const origin = `https://${crypto.randomUUID()}.example`
  const headers = { origin, "x-forwarded-for": "203.0.113.9", "x-real-ip": "203.0.113.9", forwarded: "for=203.0.113.9" }
  const visit = { port: haproxy.port, host: SITE_B, path: "/connection/websocket", from: CLIENT, headers }
  expect((await upgrade(visit)).status).toBe(403)
  const line = await until(() => siteB.log.split("\n").find((text) => text.includes(origin)), "the refusal in the log")
  expect(JSON.parse(line)).toMatchObject({ address: CLIENT })
  expect((await get({ ...visit, path: "/api/info", headers: { "x-api-key": API_KEY } })).status).toBe(403)
  expect((await get({ ...visit, path: "/metrics", headers: { "x-api-key": API_KEY } })).status).toBe(403)
})

test("kill -9 of the active node: the standby takes over within seconds, clients recover, nothing is lost", async () => {
  const before = (await history()).length
  const listener = new Listener(socketUrl(), SITE_A)
  await listener.ready()
  const publisher = new Publisher(() => at(SITE_A), API_KEY, before)
  await until(() => listener.heard.length >= 20, "publications arrive")
  const [pair] = servers
  if (!pair) throw new Error("no servers")

  process.kill(holderOf(dataA), "SIGKILL")
  await pair.standby.ready(() => pair.standby.said.includes("Skein ready"), "takes over")
  const heard = listener.heard.length
  await until(() => listener.heard.length >= heard + 20, "publications arrive from the standby", 30_000)

  // And back: the first one waits now, and takes over when the other is told to stop.
  pair.active = startA(portsA.active)
  await pair.active.ready(() => pair.active.said.includes("standing by"), "stands by")
  await pair.standby.stop("SIGTERM")
  const again = listener.heard.length
  await until(() => listener.heard.length >= again + 20, "publications arrive from the first again", 30_000)

  const count = await publisher.stop()
  await until(() => listener.heard.length >= count - before, "the rest is heard")
  expect(listener.heard).toEqual(numbers(count).slice(before))
  expect(listener.gaps).toBe(0)
}, 120_000)

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)

async function history(): Promise<unknown[]> {
  const response = await fetch(`${at(SITE_A).url}/api/history`, {
    method: "POST",
    headers: { "X-API-Key": API_KEY, Host: SITE_A },
    body: JSON.stringify({ channel: CHANNEL, limit: -1 }),
    tls: { rejectUnauthorized: false },
  })
  const { result } = (await response.json()) as { result: { publications: unknown[] } }
  return result.publications
}
