import { afterAll, beforeAll, expect, test } from "bun:test"
import { TestServer } from "../support/server.ts"
import { until } from "../support/until.ts"
import { HOST, type Nginx, PREFIX_HOST, startShippedNginx } from "./support/nginx.ts"
import { shipped } from "./support/shipped.ts"
import { get, upgrade } from "./support/through.ts"

/** One address of loopback is trusted as the proxy; clients come from others, which nobody trusts. */
const PROXY = "127.0.0.1"
const CLIENT = "127.0.0.2"
const CDN = "127.0.0.3"
const VISITOR = "203.0.113.9"

let server: TestServer
let nginx: Nginx
let behindCdn: Nginx
beforeAll(async () => {
  server = await TestServer.start({
    env: {
      SKEIN_MODE: "production",
      SKEIN_SERVER_TRUSTED_PROXIES: PROXY,
      SKEIN_AUTH_GUESTS: "anywhere",
      SKEIN_AUTH_ALLOW_ANONYMOUS: "true",
      SKEIN_LIMITS_MAX_CONNECTIONS_PER_IP: "2",
    },
  })
  const more = () => shipped("nginx/skein-cdn.conf", { "192.0.2.0/24": CDN })
  ;[nginx, behindCdn] = await Promise.all([startShippedNginx(server.port), startShippedNginx(server.port, { more })])
}, 60_000)
afterAll(async () => {
  await nginx?.stop()
  await behindCdn?.stop()
  await server?.stop()
})

/** The address the server wrote down when it refused a page of this origin. */
async function addressSeen(front: Nginx, from: string, host: string, path: string, headers = {}): Promise<string> {
  const origin = `https://${crypto.randomUUID()}.example`
  const { status } = await upgrade({ port: front.port, host, path, from, headers: { ...headers, origin } })
  expect(status).toBe(403)
  const line = await until(() => server.log.split("\n").find((text) => text.includes(origin)), "the refusal in the log")
  return (JSON.parse(line) as { address: string }).address
}

const FORGED = {
  "x-forwarded-for": VISITOR,
  "x-real-ip": VISITOR,
  forwarded: `for=${VISITOR}`,
  "x-forwarded-proto": "http",
}

test("a client's true address is seen, and what it forges changes nothing", async () => {
  for (const headers of [{}, FORGED]) {
    expect(await addressSeen(nginx, CLIENT, HOST, "/connection/websocket", headers)).toBe(CLIENT)
    expect(await addressSeen(nginx, CLIENT, PREFIX_HOST, "/skein/connection/websocket", headers)).toBe(CLIENT)
    expect(await addressSeen(nginx, CLIENT, PREFIX_HOST, "/websocket", headers)).toBe(CLIENT)
  }
})

test("behind a CDN the visitor's address comes from the CDN and from nobody else", async () => {
  const path = "/connection/websocket"
  expect(await addressSeen(behindCdn, CDN, HOST, path, { "x-forwarded-for": VISITOR })).toBe(VISITOR)
  expect(await addressSeen(behindCdn, CDN, HOST, path, { "x-forwarded-for": `198.51.100.1, ${VISITOR}` })).toBe(VISITOR)
  expect(await addressSeen(behindCdn, CLIENT, HOST, path, { "x-forwarded-for": VISITOR })).toBe(CLIENT)
})

test("connections are counted by the visitor's own address", async () => {
  const visit = (address: string) =>
    upgrade({ port: behindCdn.port, host: HOST, path: "/ws", from: CDN, headers: { "x-forwarded-for": address } })
  const open = [await visit(VISITOR), await visit(VISITOR)]
  expect(open.map(({ status }) => status)).toEqual([101, 101])
  expect((await visit(VISITOR)).status).toBe(429)
  const other = await visit("203.0.113.10")
  expect(other.status).toBe(101)
  for (const { socket } of [...open, other]) socket.destroy()
})

test("a bare WebSocket, centrifuge and Pusher answer at their addresses, with and without a prefix", async () => {
  const { pusherKey } = (await Bun.file(`${server.data}/secrets.json`).json()) as { pusherKey: string }
  const at = async (host: string, path: string) => {
    const { status, headers, socket } = await upgrade({ port: nginx.port, host, path, from: CLIENT })
    socket.destroy()
    return [status, headers.get("upgrade")?.toLowerCase()]
  }
  for (const path of ["/", "/ws", "/connection/websocket", `/app/${pusherKey}`])
    expect(await at(HOST, path)).toEqual([101, "websocket"])
  for (const path of ["/websocket", "/skein/ws", "/skein/connection/websocket", `/skein/app/${pusherKey}`])
    expect(await at(PREFIX_HOST, path)).toEqual([101, "websocket"])
})

test("pages of the site itself may connect, those of another may not", async () => {
  const from = async (origin: string) => {
    const { status, socket } = await upgrade({ port: nginx.port, host: HOST, path: "/ws", headers: { origin } })
    socket.destroy()
    return status
  }
  expect(await from(`https://${HOST}:${nginx.port}`)).toBe(101)
  expect(await from(`https://${HOST}`)).toBe(403)
  expect(await from("https://evil.example")).toBe(403)
})

test("the API of the back end is for the site's own machines, and needs its key even there", async () => {
  for (const [host, prefix] of [
    [HOST, ""],
    [PREFIX_HOST, "/skein"],
  ] as const) {
    for (const path of ["/api/info", "/metrics", "/apps/skein/channels"]) {
      const status = async (from: string) => (await get({ port: nginx.port, host, path: prefix + path, from })).status
      expect([path, await status(CLIENT)]).toEqual([path, 403])
      expect([path, await status(PROXY)]).not.toEqual([path, 200])
    }
  }
  const answer = await get({
    port: nginx.port,
    host: PREFIX_HOST,
    path: "/skein/metrics",
    headers: { "x-api-key": "test-api-key-0123456789" },
  })
  expect(answer.status).toBe(200)
  expect(answer.body).toContain("skein_")
})

test("the page and the rest of the site live side by side; http is sent to https", async () => {
  const visit = (host: string, path: string) => get({ port: nginx.port, host, path, from: CLIENT })
  expect((await visit(PREFIX_HOST, "/skein/")).body).toContain("<title>Skein</title>")
  expect((await visit(PREFIX_HOST, "/")).body).toContain("the shop")
  expect((await visit(PREFIX_HOST, "/x.js")).body).toContain("no such file of the shop")
  const script = /assets\/[\w.-]+\.js/.exec((await visit(PREFIX_HOST, "/skein/")).body)?.[0]
  const asset = await visit(PREFIX_HOST, `/skein/${script}`)
  expect([script, asset.status, asset.headers.get("cache-control")]).toEqual([
    expect.any(String),
    200,
    expect.stringContaining("immutable"),
  ])
  expect((await visit(PREFIX_HOST, "/skein")).headers.get("location")).toEndWith("/skein/")
  const plain = await get({ port: nginx.plainPort, host: HOST, path: "/x?y=1", tls: false })
  expect([plain.status, plain.headers.get("location")]).toEqual([308, `https://${HOST}/x?y=1`])
})

test("a stream arrives piece by piece, while it goes on", async () => {
  const response = await fetch(`https://127.0.0.1:${nginx.port}/connection/http_stream`, {
    method: "POST",
    headers: { Host: HOST },
    body: JSON.stringify({ id: 1, connect: {} }),
    tls: { rejectUnauthorized: false },
  })
  for await (const chunk of response.body ?? []) {
    expect(JSON.parse(new TextDecoder().decode(chunk))).toMatchObject({
      id: 1,
      connect: { client: expect.any(String) },
    })
    return // Leaving the loop ends the stream.
  }
  throw new Error("the stream ended without a word")
})
