import { afterEach, describe, expect, test } from "bun:test"
import { connect, type Socket as TcpSocket } from "node:net"
import { systemClock } from "../core/clock.ts"
import { ForwardedAddresses } from "./forwarded.ts"
import { Gateway, type GatewayOptions } from "./gateway.ts"
import { OriginPolicy } from "./origin.ts"
import type { Session, Socket } from "./protocol.ts"

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined }
const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

/** What the test's protocol saw of one connection. */
class Echo implements Session {
  closedWith: number | undefined
  ticks = 0
  lifeSigns = 0
  constructor(readonly socket: Socket) {
    sessions.push(this)
    socket.join("everyone")
  }
  frame(frame: string | Uint8Array): void {
    if (frame === "throw") throw new Error("a bug in a session")
    this.socket.send(frame)
  }
  closed(code: number): void {
    this.closedWith = code
  }
  drain(): void {
    this.socket.close({ code: 3001, reason: "shutdown" })
  }
  tick(): void {
    this.ticks++
  }
  heard(): void {
    this.lifeSigns++
  }
}
const sessions: Echo[] = []

/** A session that does not want its client, and says so at once. */
function refusing(socket: Socket): Session {
  const session = new Echo(socket)
  session.drain()
  return session
}

function start(change: Partial<GatewayOptions> = {}): { gateway: Gateway; port: number; url: string } {
  sessions.length = 0
  const gateway = new Gateway({
    host: "127.0.0.1",
    port: 0,
    outboundBufferBytes: 65_536,
    maxRequestBodyBytes: 65_536,
    handshakeTimeoutSeconds: 10,
    requestTimeoutMs: 30_000,
    idleTimeoutSeconds: 60,
    maxConnections: 100,
    maxConnectionsPerAddress: 100,
    origins: new OriginPolicy(["https://shop.example"]),
    addresses: new ForwardedAddresses([]),
    clock: systemClock,
    log: silent,
    ...change,
  })
  gateway.addProtocol({
    endpoints: [
      { paths: ["/echo"], subprotocols: ["echo-1"], maxFrameBytes: 1_024, open: (socket) => new Echo(socket) },
      { paths: ["/refused"], subprotocols: [], maxFrameBytes: 1_024, open: refusing },
    ],
  })
  gateway.handleHttp((request) => {
    if (request.url.endsWith("/hangs")) return new Promise<Response>(() => undefined)
    const { pathname, searchParams } = new URL(request.url)
    const answer = () =>
      pathname === "/stream"
        ? gateway.stream({
            request,
            handshake: gateway.handshake(request, "http_stream"),
            headers: {},
            // Bun sends the headers of a response with the first bytes of its body.
            firstBytes: "hello\n",
            render: (frame) => `${frame}\n`,
            farewell: ({ code }) => `bye ${code}`,
            open: (socket) => new Echo(socket),
          })
        : new Response("page")
    return searchParams.has("later") ? Promise.resolve().then(answer) : answer()
  })
  const { port } = gateway.start()
  stops.push(() => gateway.stop())
  return { gateway, port, url: `127.0.0.1:${port}` }
}

const upgrade = (url: string, headers: Record<string, string> = {}, path = "/echo") =>
  fetch(`http://${url}${path}`, {
    headers: {
      Connection: "Upgrade",
      Upgrade: "websocket",
      "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
      ...headers,
    },
  })

/** A client that keeps what it hears from the first byte on. */
async function open(
  url: string,
  protocols: string[] = [],
  path = "/echo",
): Promise<{ ws: WebSocket; heard: string[]; closed: Promise<CloseEvent> }> {
  const ws = new WebSocket(`ws://${url}${path}`, protocols)
  const heard: string[] = []
  ws.addEventListener("message", (event) => heard.push(String(event.data)))
  const closed = new Promise<CloseEvent>((resolve) => ws.addEventListener("close", resolve))
  stops.push(() => ws.close())
  await new Promise((resolve, reject) => {
    ws.addEventListener("open", resolve)
    ws.addEventListener("error", reject)
  })
  return { ws, heard, closed }
}

async function until(holds: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 5_000
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`never happened: ${what}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

describe("who gets in", () => {
  test("pages of foreign origins are refused, those of the list and our own are not", async () => {
    const { url } = start()
    expect((await upgrade(url, { Origin: "https://evil.example" })).status).toBe(403)
    expect((await upgrade(url, { Origin: "https://shop.example" })).status).toBe(101)
    expect((await upgrade(url, { Origin: `http://${url}` })).status).toBe(101)
    expect((await upgrade(url, { Origin: "null" })).status).toBe(403)
  })

  test("an unknown subprotocol is refused, a known one is answered, none stays none", async () => {
    const { url } = start()
    expect((await upgrade(url, { "Sec-WebSocket-Protocol": "soap" })).status).toBe(400)
    expect((await open(url, ["soap", "echo-1"])).ws.protocol).toBe("echo-1")
    expect((await open(url)).ws.protocol).toBe("")
  })

  test("unknown paths and broken handshakes get a clear answer", async () => {
    const { url, gateway } = start()
    expect((await upgrade(url, {}, "/nowhere")).status).toBe(404)
    expect((await upgrade(url, { "Sec-WebSocket-Key": "x" })).status).toBe(400)
    expect(gateway.connectionCount).toBe(0)
  })

  test("a WebSocket's address without an upgrade says what is missing; other addresses are pages", async () => {
    const { url } = start()
    const answer = await fetch(`http://${url}/echo`)
    expect([answer.status, answer.headers.get("upgrade")]).toEqual([426, "websocket"])
    expect(await answer.text()).toContain("without the header Upgrade: websocket")
    expect(await (await fetch(`http://${url}/other`)).text()).toBe("page")
    expect(await (await fetch(`http://${url}/echo`, { method: "POST" })).text()).toBe("page")
  })

  test("a handler that hangs is answered for, although the connection idles longer than it may", async () => {
    const { url, port } = start({ handshakeTimeoutSeconds: 1, requestTimeoutMs: 6_000 })
    // Asks for nothing: Bun cuts it at a time when the request below still waits.
    const idle = connect(port, "127.0.0.1")
    const cut = new Promise((resolve) => idle.once("close", resolve))
    const answers = [fetch(`http://${url}/hangs`), fetch(`http://${url}/hangs`, { method: "POST" })]
    await cut
    for (const answer of answers) expect((await answer).status).toBe(503)
  }, 20_000)

  test("a stream may be quiet for longer than a connection may idle, also one that began a little later", async () => {
    const { url, port, gateway } = start({ handshakeTimeoutSeconds: 1 })
    const streams = await Promise.all([fetch(`http://${url}/stream`), fetch(`http://${url}/stream?later`)])
    const idle = connect(port, "127.0.0.1")
    await new Promise((resolve) => idle.once("close", resolve))
    gateway.topics.publish("everyone", "news")
    for (const { body } of streams) {
      const reader = (body as ReadableStream<Uint8Array>).getReader()
      expect(await readUntil(reader, "news\n")).toBe("hello\nnews\n")
      await reader.cancel()
    }
  }, 20_000)

  test("the connection limit, freed when a connection ends", async () => {
    const { url, gateway } = start({ maxConnections: 2 })
    const first = await open(url)
    await open(url)
    expect((await upgrade(url)).status).toBe(503)
    first.ws.close()
    await until(() => gateway.connectionCount === 1, "the first connection ended")
    expect((await upgrade(url)).status).toBe(101)
  })
})

describe("what a connection does", () => {
  test("frames over the endpoint's limit close with 1009, others live on", async () => {
    const { url, gateway } = start()
    const [big, other] = [await open(url), await open(url)]
    big.ws.send("x".repeat(1_025))
    expect((await big.closed).code).toBe(1009)
    const huge = await open(url)
    huge.ws.send("x".repeat(100_000))
    expect((await huge.closed).code).toBe(1009)
    await until(() => gateway.closes.get(1009) === 2, "both counted as what they are")
    other.ws.send("hi")
    await until(() => other.heard.includes("hi"), "the echo")
  })

  test("a session that throws does not take the process or others along", async () => {
    const { url } = start()
    const [bad, good] = [await open(url), await open(url)]
    bad.ws.send("throw")
    good.ws.send("hi")
    await until(() => good.heard.includes("hi"), "the echo")
  })

  test("a topic reaches WebSockets and streams alike, except the one excluded", async () => {
    const { url, gateway } = start()
    const [ann, bob] = [await open(url), await open(url)]
    const response = await fetch(`http://${url}/stream`)
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    await until(() => sessions.length === 3 && gateway.topics.count("everyone") === 3, "three joined")
    gateway.topics.publish("everyone", "news", sessions[0]?.socket)
    await until(() => bob.heard.includes("news"), "the news")
    expect(await readUntil(reader, "news\n")).toBe("hello\nnews\n")
    expect(ann.heard).toEqual([])
    await reader.cancel()
    await until(() => gateway.topics.count("everyone") === 2, "the stream left its topic")
  })

  test("a stream that is over enters no topic any more", async () => {
    const { url, gateway } = start()
    const response = await fetch(`http://${url}/stream`)
    await until(() => sessions.length === 1, "connected")
    await response.body?.cancel()
    await until(() => sessions[0]?.closedWith !== undefined, "gone")
    // A session may be in the middle of something when its stream ends.
    sessions[0]?.socket.join("late")
    expect(gateway.topics.count("late")).toBe(0)
  })

  test("a peer that stops reading is closed and the others get everything", async () => {
    const { url, port, gateway } = start()
    const good = await open(url)
    const stalled = await rawWebSocket(port)
    await until(() => sessions.length === 2, "both connected")
    stalled.pause()
    const text = "x".repeat(50_000)
    let sent = 0
    await until(() => {
      gateway.topics.publish("everyone", `${sent++} ${text}`)
      return sessions[1]?.closedWith !== undefined
    }, "the stalled one was closed")
    await until(() => good.heard.length === sent, "the good one heard all")
    expect(gateway.closes).toEqual(new Map([[3008, 1]]))
    expect(good.heard.map((line) => Number.parseInt(line, 10))).toEqual(Array.from({ length: sent }, (_, i) => i))
  })

  test("control frames are signs of life: a client's ping, and its answer to ours", async () => {
    const { url } = start()
    const { ws } = await open(url)
    ;(ws as never as { ping(): void }).ping()
    await until(() => sessions[0]?.lifeSigns === 1, "the client's ping")
    sessions[0]?.socket.ping?.()
    await until(() => sessions[0]?.lifeSigns === 2, "its answer")
  })

  test("every session is ticked about once a second", async () => {
    const { url } = start()
    await open(url)
    await until(() => (sessions[0]?.ticks ?? 0) >= 1, "a tick")
  })
})

describe("drain", () => {
  test("nobody gets in any more, everyone is told to come back", async () => {
    const { url, gateway } = start()
    const clients = await Promise.all([open(url), open(url), open(url)])
    await gateway.drain(1_000)
    for (const { closed } of clients) expect((await closed).code).toBe(3001)
    expect((await upgrade(url)).status).toBe(503)
  })

  test("sessions that were over as soon as they were opened are not waited for", async () => {
    const { gateway, url } = start()
    for (let n = 0; n < 60; n++) await (await open(url, [], "/refused")).closed
    const refused = await upgrade(url, { "Sec-WebSocket-Key": "none" })
    expect(refused.status).toBe(400)
    // With more than 50 to send away it would take half of the window.
    await gateway.drain(2 ** 31 - 1)
    expect(gateway.connectionCount).toBe(0)
  })

  test("many are sent away in batches over the window, so that they do not all come back at once", async () => {
    const waits: { ms: number; done: () => void }[] = []
    const clock = {
      ...systemClock,
      after: (ms: number, done: () => void) => {
        waits.push({ ms, done })
        return () => undefined
      },
    }
    const { url, gateway } = start({ clock, maxConnections: 200, maxConnectionsPerAddress: 200 })
    let ended = 0
    for (const { closed } of await Promise.all(Array.from({ length: 120 }, () => open(url))))
      void closed.then(() => ended++)
    const drained = gateway.drain(9_000)
    for (const [batch, expected] of [40, 80].entries()) {
      await until(() => ended === expected && waits.length === batch + 1, `${expected} sent away`)
      expect(waits[batch]?.ms).toBe(3_000)
      waits[batch]?.done()
    }
    await drained
    await until(() => ended === 120, "all sent away")
  })
})

async function readUntil(reader: { read(): Promise<{ value?: Uint8Array }> }, end: string): Promise<string> {
  const decoder = new TextDecoder()
  let text = ""
  while (!text.endsWith(end)) text += decoder.decode((await reader.read()).value, { stream: true })
  return text
}

/** A WebSocket handshake by hand, so that the test decides when bytes are read. */
function rawWebSocket(port: number): Promise<TcpSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1")
    stops.push(() => socket.destroy())
    socket.on("error", reject)
    socket.once("data", () => resolve(socket))
    socket.write(
      "GET /echo HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    )
  })
}
