import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { Centrifuge } from "centrifuge"
import { frame, handshake, RawClient } from "./plain/raw-client.ts"
import { API_KEY, TestServer } from "./support/server.ts"
import { until } from "./support/until.ts"

const WEBSOCKET = "/connection/websocket"
const MIB = 1_048_576

let server: TestServer
let bystander: Centrifuge
let heard: unknown[]

beforeAll(async () => {
  server = await TestServer.start({ env: { SKEIN_LOG_LEVEL: "error" } })
  bystander = new Centrifuge(`${server.wsUrl}${WEBSOCKET}`)
  const subscription = bystander.newSubscription("public:bystander")
  subscription.on("publication", ({ data }) => heard.push(data))
  subscription.subscribe()
  bystander.connect()
  await subscription.ready()
})

beforeEach(() => {
  heard = []
})

afterAll(async () => {
  bystander.disconnect()
  await server.stop()
})

/** Whatever the test did to the server, another user of it noticed nothing. */
async function expectOthersUnharmed(): Promise<void> {
  const mark = Math.random()
  await server.api("publish", { channel: "public:bystander", data: mark })
  await until(() => heard.includes(mark), "the bystander hears a publication")
}

async function open(path = WEBSOCKET): Promise<RawClient> {
  const client = new RawClient(server.port)
  client.write(handshake(path))
  await client.answered()
  expect(client.status).toBe(101)
  return client
}

async function closeCodeOf(client: RawClient): Promise<number> {
  return until(() => client.closeCode, "the server closes the connection")
}

/** How often a bound was met since the server started. */
async function met(limit: string): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`)).text()
  return Number(new RegExp(`limit="${limit.replace(".", "\\.")}"\\} (\\d+)`).exec(text)?.[1])
}

const residentBytes = (): number =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))?.[1]) * 1_024

describe("frames of the centrifuge protocol", () => {
  const terminal = { "no JSON": "hello", "cut JSON": '{"id":1,"connect":', empty: "", "a list": "[]", "a number": "7" }
  for (const [what, text] of Object.entries(terminal))
    test(`${what} is a bad request`, async () => {
      const client = await open()
      client.write(frame(text))
      expect(await closeCodeOf(client)).toBe(3501)
      await expectOthersUnharmed()
    })

  test("an unknown command and a command before connect are bad requests", async () => {
    for (const text of ['{"id":1,"teleport":{}}', '{"id":1,"subscribe":{"channel":"public:x"}}']) {
      const client = await open()
      client.write(frame(text))
      expect(await closeCodeOf(client)).toBe(3501)
    }
    await expectOthersUnharmed()
  })

  test("JSON nested thirty thousand deep, as command and as payload", async () => {
    const deep = `${"[".repeat(30_000)}${"]".repeat(30_000)}`
    const first = await open()
    first.write(frame(deep))
    expect(await closeCodeOf(first)).toBe(3501)
    const second = await open()
    second.write(frame('{"id":1,"connect":{}}'))
    second.write(frame(`{"id":2,"publish":{"channel":"open:deep","data":${deep}}}`))
    await until(() => second.texts.join("\n").includes('"id":2') || second.closeCode, "an answer")
    await expectOthersUnharmed()
  })

  test("text that is not UTF-8 closes with 1007", async () => {
    const client = await open()
    client.write(frame(Buffer.from([0x7b, 0xff, 0xfe, 0x7d])))
    expect(await closeCodeOf(client)).toBe(1007)
    await expectOthersUnharmed()
  })

  for (const path of [WEBSOCKET, "/ws"])
    test(`a frame over the limit closes ${path} with 1009 before its body is taken`, async () => {
      const client = await open(path)
      const [before, metBefore] = [residentBytes(), await met("limits.max_frame_bytes")]
      const head = Buffer.alloc(14)
      head.set([0x81, 0xff])
      head.writeBigUInt64BE(10n ** 12n, 2)
      client.write(head)
      expect(await closeCodeOf(client)).toBe(1009)
      client.write(Buffer.alloc(MIB))
      await until(() => client.closed, "the connection ends")
      expect(await met("limits.max_frame_bytes")).toBe(metBefore + 1)
      expect(residentBytes() - before).toBeLessThan(16 * MIB)
      await expectOthersUnharmed()
    })

  test("a wrong token is final, an anonymous connect is not", async () => {
    const client = await open()
    client.write(frame('{"id":1,"connect":{"token":"eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9."}}'))
    expect(await closeCodeOf(client)).toBe(3500)
  })

  test("ten thousand subscriptions in a few frames: a limit each, no stall, bounded memory", async () => {
    const client = await open()
    const before = residentBytes()
    client.write(frame('{"id":1,"connect":{}}'))
    const commands = Array.from({ length: 10_000 }, (_, i) => `{"id":${i + 2},"subscribe":{"channel":"public:${i}"}}`)
    for (let at = 0; at < commands.length; at += 1_000) client.write(frame(commands.slice(at, at + 1_000).join("\n")))
    await until(() => client.closeCode || client.texts.join("\n").includes('"code":106'), "a refusal", 20_000)
    const answered = client.texts.join("\n")
    expect(answered.match(/"subscribe":\{/g)?.length).toBeLessThanOrEqual(128)
    await expectOthersUnharmed()
    expect(residentBytes() - before).toBeLessThan(64 * MIB)
  })
})

describe("frames of the plain protocol", () => {
  test("unknown types, deep JSON and binary are answered, and the connection lives on", async () => {
    const client = await open("/ws")
    client.write(frame('{"type":"subscribe"}'))
    client.write(frame(`{"type":"history","channel":${"[".repeat(20_000)}${"]".repeat(20_000)}}`))
    client.write(frame(Buffer.from([1, 2, 3]), { opcode: 2 }))
    client.write(frame('{"type":"ping"}'))
    await until(() => client.texts.some((text) => text.includes("pong")), "the pong behind all of it")
    expect(client.texts.filter((text) => text.includes('"error"')).length).toBeGreaterThanOrEqual(2)
    expect(client.closed).toBe(false)
    await expectOthersUnharmed()
  })

  test("text that is not UTF-8 closes with 1007", async () => {
    const client = await open("/ws")
    client.write(frame(Buffer.from([0x7b, 0xff, 0xfe, 0x7d])))
    expect(await closeCodeOf(client)).toBe(1007)
    await expectOthersUnharmed()
  })

  for (const query of ["token=eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.", "token=%00", "api_key=wrong"])
    test(`?${query} is refused for good, and what came with it is not carried out`, async () => {
      const client = await open(`/ws?${query}`)
      client.write(frame('{"type":"join_room","room_id":"lobby"}'))
      expect(await closeCodeOf(client)).toBe(3500)
      expect(client.texts.map((text) => JSON.parse(text).code)).toEqual([101])
      await expectOthersUnharmed()
    })

  test("ten thousand subscriptions: a limit each, no stall, bounded memory", async () => {
    const client = await open("/ws")
    const before = residentBytes()
    for (let i = 0; i < 10_000; i++) client.write(frame(`{"type":"subscribe","channel":"public:${i}"}`))
    const refused = () => client.texts.filter((text) => text.includes('"code":106')).length
    await until(() => client.closeCode || refused() > 1_000, "refusals, or the end", 20_000)
    const subscribed = client.texts.filter((text) => text.includes('"subscribed"')).length
    expect(subscribed).toBeLessThanOrEqual(128)
    client.socket.destroy()
    await expectOthersUnharmed()
    expect(residentBytes() - before).toBeLessThan(64 * MIB)
  }, 30_000)
})

describe("HTTP", () => {
  test("broken bodies, wrong keys and unknown methods of the API", async () => {
    const post = (path: string, body: string, key = "test-api-key-0123456789") =>
      fetch(`${server.url}${path}`, { method: "POST", body, headers: { "X-API-Key": key } })
    expect((await post("/api/publish", "{")).status).toBe(400)
    expect((await post("/api/publish", "{}", "wrong")).status).toBe(401)
    expect((await post("/api/teleport", "{}")).status).toBe(404)
    expect((await post("/api/publish", "x".repeat(2 * MIB))).status).toBe(413)
    const deep = `{"channel":"public:x","data":${"[".repeat(100_000)}${"]".repeat(100_000)}}`
    expect(await (await post("/api/publish", deep)).json()).toMatchObject({ error: { code: 413 } })
    await expectOthersUnharmed()
  })

  test("half-open handshakes and dripped headers are cut, others do not wait", async () => {
    const silent = new RawClient(server.port)
    const partial = new RawClient(server.port)
    partial.write("GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgr")
    await expectOthersUnharmed()
    expect([silent.closed, partial.closed]).toEqual([false, false])
    await until(() => silent.closed && partial.closed, "both are cut", 20_000)
  }, 30_000)

  test("an opened socket that never connects is closed as stale", async () => {
    const client = await open()
    expect(await until(() => client.closeCode, "the close", 15_000)).toBe(3502)
  }, 20_000)
})

describe("slow readers", () => {
  const subscribing = {
    [WEBSOCKET]: '{"id":1,"connect":{}}\n{"id":2,"subscribe":{"channel":"public:bystander"}}',
    "/ws": '{"type":"subscribe","channel":"public:bystander"}',
  }
  const filler = "x".repeat(50_000)
  const perBatch = 15
  const batchBytes = perBatch * filler.length

  async function publishBatch(batch: number): Promise<void> {
    const publish = (n: number) => ({ channel: "public:bystander", data: { i: batch * perBatch + n, filler } })
    const commands = Array.from({ length: perBatch }, (_, n) => ({ publish: publish(n) }))
    expect((await server.api("batch", { commands })).error).toBeUndefined()
  }

  for (const [path, commands] of Object.entries(subscribing))
    test(`one of ${path} that does not read is closed before much waits for it; the others get everything`, async () => {
      const slow = await open(path)
      slow.write(frame(commands))
      await until(() => slow.texts.join("\n").includes("subscribe"), "subscribed")
      slow.socket.pause()
      const metBefore = await met("limits.max_outbound_bytes")
      let batches = 0
      let batchesUntilClosed: number | undefined
      while (batches < 60) {
        await publishBatch(batches++)
        if (batchesUntilClosed === undefined && (await met("limits.max_outbound_bytes")) > metBefore)
          batchesUntilClosed = batches
      }
      const total = batches * perBatch
      await until(() => heard.length === total, "the bystander has heard everything", 30_000)
      expect(heard.map((data) => (data as { i: number }).i)).toEqual(Array.from({ length: total }, (_, i) => i))
      // What the kernel takes (some 5 MB) and what the server may hold (2 MiB); never all 45 MB.
      expect((batchesUntilClosed ?? Number.POSITIVE_INFINITY) * batchBytes).toBeLessThan(20 * MIB)
      expect(await met("limits.max_outbound_bytes")).toBe(metBefore + 1)
      const { result } = await server.api("channels", { pattern: "public:bystander" })
      expect(result).toEqual({ channels: { "public:bystander": { num_clients: 1 } } })
      slow.socket.resume()
      await until(() => slow.closed, "the slow one notices")
      expect(slow.received.length).toBeLessThan(20 * MIB)
    }, 60_000)
})

test("a client that hangs up in the middle of a request is no failure of the server: nothing is logged, none is counted", async () => {
  const failures = async (): Promise<string | undefined> => {
    const response = await fetch(`${server.url}/metrics`, { headers: { "X-API-Key": API_KEY } })
    return /^skein_errors_total\{code="internal"\} .*$/m.exec(await response.text())?.[0]
  }
  const [before, failed] = [server.log.length, await failures()]
  const paths = [
    ...["/api/publish", "/api/history", "/api", "/emulation", "/connection/http_stream", "/connection/sse"],
    ...["/chat/session", "/chat/v1/hello", "/apps/skein/events", "/pusher/auth"],
  ]
  for (const path of paths) {
    const client = new RawClient(server.port)
    client.write(
      `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nX-API-Key: ${API_KEY}\r\n` +
        'Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"a":',
    )
    // Its headers have been read and its body is waited for once a request that came later has been answered.
    await expectOthersUnharmed()
    client.socket.destroy()
    await expectOthersUnharmed()
  }
  expect([server.log.slice(before), await failures()]).toEqual(["", failed])
}, 60_000)
