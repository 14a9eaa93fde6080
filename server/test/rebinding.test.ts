import { afterAll, beforeAll, expect, test } from "bun:test"
import { handshake, RawClient } from "./plain/raw-client.ts"
import { TestServer } from "./support/server.ts"

/**
 * In development nobody has to prove anything, because only this machine can connect. A page from anywhere can have its
 * own name turned to 127.0.0.1 once it is loaded (DNS rebinding), and is then of the same origin as we are.
 */
let server: TestServer
beforeAll(async () => {
  server = await TestServer.start()
})
afterAll(() => server.stop())

async function upgrade(path: string, host: string, origin = `http://${host}`): Promise<number | undefined> {
  const client = new RawClient(server.port)
  client.write(handshake(path, { Host: host, Origin: origin }))
  await client.answered()
  client.socket.destroy()
  return client.status
}

const evil = () => `evil.example:${server.port}`

test("a page of another name that comes over loopback opens no WebSocket", async () => {
  for (const path of ["/ws", "/connection/websocket"]) {
    expect([path, await upgrade(path, evil())]).toEqual([path, 403])
    expect([path, await upgrade(path, `127.0.0.1:${server.port}`)]).toEqual([path, 101])
  }
})

test("a page that another server of this machine has, with or without TLS, does", async () => {
  const from = async (origin: string) => [origin, await upgrade("/ws", `127.0.0.1:${server.port}`, origin)]
  for (const origin of [
    "http://localhost:8000",
    "https://localhost",
    "https://shop.localhost:5173",
    "http://[::1]:8000",
  ])
    expect(await from(origin)).toEqual([origin, 101])
  for (const origin of ["http://localhost.evil.example", "https://127.0.0.1.evil.example", "null", "http://[::2]"])
    expect(await from(origin)).toEqual([origin, 403])
})

test("nor a stream, whether it says its origin or, reading where it came from, does not", async () => {
  const connect = encodeURIComponent('{"subs":{"public:x":{}}}')
  const streams: [method: string, path: string, body?: string][] = [
    ["GET", `/connection/uni_sse?cf_connect=${connect}`],
    ["POST", "/connection/http_stream", '{"id":1,"connect":{}}'],
  ]
  for (const [method, path, body] of streams) {
    const asked = async (host: string, headers: Record<string, string>) => {
      const { status, body: stream } = await fetch(`${server.url}${path}`, {
        method,
        headers: { Host: host, ...headers },
        ...(body === undefined ? {} : { body }),
      })
      await stream?.cancel()
      return status
    }
    expect(await asked(evil(), {})).toBe(403)
    expect(await asked(evil(), { Origin: `http://${evil()}` })).toBe(403)
    expect(await asked(`localhost:${server.port}`, {})).toBe(200)
  }
})

test("nor does it sign in", async () => {
  const response = await fetch(`${server.url}/chat/session`, {
    method: "POST",
    headers: { Host: evil(), Origin: `http://${evil()}`, "Content-Type": "application/json" },
    body: '{"name":"Eve"}',
  })
  expect(response.status).toBe(403)
  expect(await response.text()).toContain("add it to server.origins")
})
