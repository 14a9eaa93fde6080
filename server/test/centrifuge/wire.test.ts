import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test"
import { connect as tcpConnect } from "node:net"
import WebSocket from "ws"
import type { TestServer } from "../support/server.ts"
import { until } from "../support/until.ts"
import { QUICK_PINGS, startServer } from "./support.ts"

/** What no SDK does, and what they do without showing it: frames and requests written by hand. */

let server: TestServer
/** Closes who is silent in a moment: for tests that are silent. */
let impatient: TestServer
const sockets: WebSocket[] = []
beforeAll(async () => {
  server = await startServer({ SKEIN_SERVER_ORIGINS: "https://shop.example" })
  impatient = await startServer({ ...QUICK_PINGS, SKEIN_LIMITS_CONNECT_TIMEOUT: "1s" })
})
afterAll(async () => {
  await server?.stop()
  await impatient?.stop()
})
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.terminate()
})

class Raw {
  readonly frames: string[] = []
  closed: { code: number; reason: string } | undefined
  readonly socket: WebSocket

  constructor(protocols: string[] = [], query = "", { wsUrl } = server) {
    this.socket = new WebSocket(`${wsUrl}/connection/websocket${query}`, protocols)
    sockets.push(this.socket)
    this.socket.on("message", (data) => void this.frames.push(String(data)))
    this.socket.on("close", (code, reason) => {
      this.closed = { code, reason: String(reason) }
    })
    this.socket.on("error", () => undefined)
  }

  async open(): Promise<this> {
    await until(() => this.socket.readyState === WebSocket.OPEN, "the socket opens")
    return this
  }

  end() {
    return until(() => this.closed, "the server closes")
  }
}

describe("a frame that breaks the protocol ends the connection, and nothing else", () => {
  const connect = '{"id":1,"connect":{}}'
  test.each([
    ["empty", ""],
    ["no JSON", "hello"],
    ["not an object", "[1,2]"],
    ["protocol v1", '{"id":1,"method":0,"params":{}}'],
    ["no connect first", '{"id":1,"subscribe":{"channel":"room:1"}}'],
    ["two connects", `${connect}\n${connect}`],
    ["a pong unasked", `${connect}\n{}`],
  ])("%s: 3501", async (_name, frame) => {
    const raw = await new Raw().open()
    raw.socket.send(frame)
    const { code, reason } = await raw.end()
    expect(code).toBe(3501)
    expect(reason).toMatch(/^bad request: \w/)
  })

  test("60,000 brackets: 3501 when they never close, delivered as they are when they do", async () => {
    const broken = await new Raw().open()
    broken.socket.send(`{"id":1,"connect":{"data":${"[".repeat(60_000)}}}`)
    expect((await broken.end()).code).toBe(3501)

    const raw = await new Raw().open()
    const deep = "[".repeat(30_000) + "]".repeat(30_000)
    raw.socket.send(`${connect}\n{"id":2,"subscribe":{"channel":"short:deep"}}`)
    await until(() => raw.frames.join("").includes('"id":2'), "subscribed")
    raw.socket.send(`{"id":3,"publish":{"channel":"short:deep","data":${deep}}}`)
    await until(() => raw.frames.some((frame) => frame.includes(deep)), "the publication")
  })

  test("bytes where JSON was agreed, text where Protobuf was: 3501", async () => {
    const json = await new Raw().open()
    json.socket.send(Buffer.from([1, 2, 3]))
    expect((await json.end()).code).toBe(3501)
    const binary = await new Raw(["centrifuge-protobuf"]).open()
    binary.socket.send("{}")
    expect((await binary.end()).code).toBe(3501)
  })

  test("one larger than allowed: 1009, which clients take as final", async () => {
    const raw = await new Raw().open()
    raw.socket.send("x".repeat(200_000))
    expect((await raw.end()).code).toBe(1009)
  })

  test("silence: 3502", async () => {
    const raw = new Raw([], "", impatient)
    expect(await raw.end()).toEqual({ code: 3502, reason: "stale" })
  })

  test("no pong: 3012", async () => {
    const raw = new Raw([], "", impatient)
    raw.socket.on("open", () => raw.socket.send(connect))
    expect(await raw.end()).toEqual({ code: 3012, reason: "no pong" })
    expect(raw.frames.at(-1)).toBe("{}")
  })
})

describe("the handshake", () => {
  test("echoes the subprotocol of Protobuf and of JSON, and none when none was offered", async () => {
    expect((await new Raw(["centrifuge-protobuf"]).open()).socket.protocol).toBe("centrifuge-protobuf")
    expect((await new Raw(["centrifuge-json"]).open()).socket.protocol).toBe("centrifuge-json")
    expect((await new Raw().open()).socket.protocol).toBe("")
  })

  test("takes an empty Sec-WebSocket-Protocol header for none (rule 5)", async () => {
    const answer = await rawUpgrade("Sec-WebSocket-Protocol: \r\n")
    expect(answer).toStartWith("HTTP/1.1 101")
    expect(answer.toLowerCase()).not.toContain("sec-websocket-protocol: \r\n")
  })

  test("refuses pages of other sites", async () => {
    expect(await rawUpgrade("Origin: https://evil.example\r\n")).toStartWith("HTTP/1.1 403")
    expect(await rawUpgrade("Origin: https://shop.example\r\n")).toStartWith("HTTP/1.1 101")
  })

  test("?cf_protocol=protobuf chooses Protobuf, unknown parameters are ignored", async () => {
    const raw = await new Raw([], "?cf_protocol=protobuf&cf_protocol_version=v2").open()
    raw.socket.send(Buffer.from([4, 0x08, 1, 0x22, 0]))
    await until(() => raw.frames.length === 1, "a connect reply")
    expect(raw.frames[0]).not.toStartWith("{")
  })
})

function rawUpgrade(header: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = tcpConnect(server.port, "127.0.0.1", () =>
      socket.write(
        `GET /connection/websocket HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
          `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${header}\r\n`,
      ),
    )
    socket.on("data", (data) => {
      resolve(String(data))
      socket.destroy()
    })
    socket.on("error", reject)
  })
}

describe("emulation", () => {
  const connect = JSON.stringify({ id: 1, connect: {} })
  const post = (path: string, body: string, headers: Record<string, string> = {}) =>
    fetch(`${server.url}${path}`, { method: "POST", body, headers: { "Content-Type": "application/json", ...headers } })

  test("http_stream begins with the connect reply, with a session nobody can guess", async () => {
    const response = await post("/connection/http_stream", connect)
    expect(response.headers.get("cache-control")).toContain("no-store")
    expect(response.headers.get("x-accel-buffering")).toBe("no")
    expect(response.headers.get("x-content-type-options")).toBe("nosniff")
    const reader = response.body?.getReader()
    const { value } = (await reader?.read()) ?? {}
    const { connect: result } = JSON.parse(new TextDecoder().decode(value)) as { connect: Record<string, string> }
    expect(result.session).toMatch(/^[\w-]{32}$/)
    expect(result.node).toMatch(/./)
    const command = (session: string | undefined, node = result.node) =>
      post("/emulation", JSON.stringify({ session, node, data: '{"id":2,"subscribe":{"channel":"room:emulated"}}' }))
    expect((await command("not the session")).status).toBe(204)
    expect((await command(result.session, "no such node")).status).toBe(404)
    expect((await command(undefined)).status).toBe(400)
    expect((await post("/emulation", "{")).status).toBe(400)
    expect((await command(result.session)).status).toBe(204)
    const next = await reader?.read()
    // Only the command with the right session was served: exactly one reply, to id 2.
    expect(JSON.parse(new TextDecoder().decode(next?.value).split("\n")[0] ?? "")).toMatchObject({
      id: 2,
      subscribe: {},
    })
    await reader?.cancel()
  })

  test("sse puts each object into an event, and says goodbye before it ends", async () => {
    const query = encodeURIComponent(`${connect}\n{"id":2,"subscribe":{"channel":"room:sse"}}`)
    const response = await fetch(`${impatient.url}/connection/sse?cf_connect=${query}`)
    expect(response.headers.get("content-type")).toStartWith("text/event-stream")
    const text = await response.text()
    expect(text).toStartWith("\r\n")
    const events = text
      .trim()
      .split("\n\n")
      .map((event) => JSON.parse(event.replace(/^\s*data: /, "")) as object)
    expect(events.slice(0, 2)).toMatchObject([
      { id: 1, connect: {} },
      { id: 2, subscribe: { epoch: expect.any(String) } },
    ])
    expect(events.at(-1)).toEqual({ push: { disconnect: { code: 3012, reason: "no pong" } } })
  })

  test("a link can make a browser listen, and say nothing", async () => {
    const address = (...commands: object[]) =>
      `/connection/sse?cf_connect=${encodeURIComponent([{ id: 1, connect: {} }, ...commands].map((one) => JSON.stringify(one)).join("\n"))}`
    const channel = "short:forged"
    for (const command of [
      { publish: { channel, data: 1 } },
      { rpc: { method: "chat.send", data: {} } },
      { send: { data: 1 } },
    ]) {
      const response = await fetch(`${server.url}${address({ id: 2, ...command })}`)
      expect([response.status, await response.text()]).toEqual([400, expect.stringContaining("POST")])
    }
    expect((await server.api("history", { channel, limit: 0 })).result).toMatchObject({ offset: 0 })
    for (const site of ["cross-site", "same-site"])
      expect((await fetch(`${server.url}${address()}`, { headers: { "Sec-Fetch-Site": site } })).status).toBe(403)
    // A page of the same origin, a page that says who it is, a program.
    const welcome: Record<string, string>[] = [
      { "Sec-Fetch-Site": "same-origin" },
      { "Sec-Fetch-Site": "cross-site", Origin: "https://shop.example" },
      {},
    ]
    for (const headers of welcome) {
      const response = await fetch(`${server.url}${address()}`, { headers })
      expect(response.status).toBe(200)
      await response.body?.cancel()
    }
  })

  test("without a connect command is 400, with one too large 413", async () => {
    expect((await fetch(`${server.url}/connection/sse`)).status).toBe(400)
    expect((await post("/connection/http_stream", `{"x":"${"y".repeat(200_000)}"}`)).status).toBe(413)
  })

  test("anything but POST, where POST is meant, is 405", async () => {
    for (const path of ["/connection/http_stream", "/emulation"]) {
      const response = await fetch(`${server.url}${path}`)
      expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"])
    }
  })

  test("a refused connect ends the stream with its reason", async () => {
    const response = await post("/connection/http_stream", "hello")
    expect(JSON.parse(await response.text())).toMatchObject({ push: { disconnect: { code: 3501 } } })
  })

  test("answers preflights of allowed origins, and no others", async () => {
    const preflight = (origin: string) =>
      fetch(`${server.url}/emulation`, {
        method: "OPTIONS",
        headers: {
          Origin: origin,
          "Access-Control-Request-Method": "POST",
          "Access-Control-Request-Headers": "content-type",
        },
      })
    const allowed = await preflight("https://shop.example")
    expect(allowed.status).toBe(204)
    expect(allowed.headers.get("access-control-allow-origin")).toBe("https://shop.example")
    expect(allowed.headers.get("access-control-allow-credentials")).toBe("true")
    expect(allowed.headers.get("access-control-allow-headers")).toBe("content-type")
    expect((await preflight("https://evil.example")).status).toBe(403)
    expect((await post("/connection/http_stream", connect, { Origin: "https://evil.example" })).status).toBe(403)
    const stream = await post("/connection/http_stream", connect, { Origin: "https://shop.example" })
    expect(stream.headers.get("access-control-allow-origin")).toBe("https://shop.example")
    await stream.body?.cancel()
  })
})
