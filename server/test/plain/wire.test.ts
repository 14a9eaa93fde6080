import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { until } from "../support/until.ts"
import { API_KEY, type PlainServer, startPlain } from "./plain-server.ts"
import { answeredApart, frame, handshake, KEY, RawClient } from "./raw-client.ts"
import { ScriptClient } from "./script-client.ts"

let server: PlainServer
const raws: RawClient[] = []
beforeAll(async () => {
  server = await startPlain()
})
afterAll(async () => {
  for (const raw of raws) raw.socket.destroy()
  await server.stop()
})

function raw(): RawClient {
  const client = new RawClient(server.port)
  raws.push(client)
  return client
}

const lobby = () => server.rooms.byId.get("lobby")?.lines.map(({ text }) => text) ?? []
const saidOnce = (text: string) => until(() => lobby().includes(text), `"${text}" is said`)

describe("handshakes of small clients", () => {
  const quirks: Record<string, Record<string, string | undefined>> = {
    "as in the book": {},
    "only Connection: Upgrade": { Upgrade: undefined },
    "upper case websocket": { Upgrade: "WebSocket" },
    "Connection with a list": { Connection: "keep-alive, Upgrade" },
    "Connection in lower case": { Connection: "upgrade" },
    "an Origin of its own host": { Origin: "http://127.0.0.1" },
    "a Content-Length of nothing": { "Content-Length": "0" },
    "no User-Agent, odd Host": { Host: "localhost:1" },
    "an empty subprotocol": { "Sec-WebSocket-Protocol": "" },
  }
  for (const [name, headers] of Object.entries(quirks))
    test(`PLAIN-6: ${name}`, async () => {
      const client = raw()
      client.write(handshake("/", headers))
      expect(await client.answered()).toContain("101")
      expect(client.head.toLowerCase()).toContain("\r\nupgrade: websocket")
      expect(client.head).toContain("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
      client.write(frame(`said: ${name}`))
      await saidOnce(`said: ${name}`)
    })

  test("PLAIN-6: header names in lower case", async () => {
    const client = raw()
    client.write(
      `GET /ws HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-key: ${KEY}\r\nsec-websocket-version: 13\r\n\r\n`,
    )
    expect(await client.answered()).toContain("101")
  })

  test("PLAIN-6: byte by byte", async () => {
    const client = raw()
    const bytes = Buffer.concat([Buffer.from(handshake("/")), frame("slowly")])
    for (const byte of bytes) {
      client.write(Buffer.from([byte]))
      await new Promise((resolve) => setImmediate(resolve))
    }
    await saidOnce("slowly")
  })

  test("without Upgrade it is a plain request where a proxy stands between", async () => {
    for (const headers of [{ "X-Forwarded-For": "192.0.2.1" }, { Via: "1.1 proxy" }, { Connection: "keep-alive" }]) {
      const client = raw()
      client.write(handshake("/", { Upgrade: undefined, ...headers }))
      await client.answered()
      expect(client.status).toBe(404)
    }
  })

  test("PLAIN-2: an offered subprotocol is refused with 400", async () => {
    const client = raw()
    client.write(handshake("/", { "Sec-WebSocket-Protocol": "mqtt" }))
    await client.answered()
    expect(client.status).toBe(400)
  })

  test("pages of other origins are refused with 403", async () => {
    const client = raw()
    client.write(handshake("/", { Origin: "https://evil.example" }))
    await client.answered()
    expect(client.status).toBe(403)
  })

  test("other paths are no plain endpoints", async () => {
    const client = raw()
    client.write(handshake("/elsewhere"))
    await client.answered()
    expect(client.status).toBe(404)
  })
})

describe("the first frames", () => {
  test("PLAIN-4, PLAIN-6: a frame in the handshake's packet is carried out, its answer comes a moment later, in a packet of its own", async () => {
    await answeredApart(async () => {
      const client = raw()
      // From before the handshake: how late a busy machine hears of its answer says nothing.
      const sentAtMs = performance.now()
      client.write(Buffer.concat([Buffer.from(handshake("/")), frame('{"type":"ping"}')]))
      await until(() => client.texts.length > 0, "the ping is answered")
      expect(client.texts).toEqual(['{"type":"pong"}'])
      expect(performance.now() - sentAtMs).toBeGreaterThan(45)
      return client
    })
  })

  test("PLAIN-4: many early frames keep their order", async () => {
    const client = raw()
    const early = ['{"type":"join_room","room_id":"early"}', "one", "two", '{"type":"history"}'].map((text) =>
      frame(text),
    )
    client.write(Buffer.concat([Buffer.from(handshake("/")), ...early]))
    const answers = await until(() => client.texts.length === 2 && client.texts, "both answers come")
    expect(JSON.parse(answers[0] ?? "")).toEqual({ type: "system", message: "已加入房间 early" })
    expect(JSON.parse(answers[1] ?? "").messages.map(({ message }: { message: string }) => message)).toEqual([
      "one",
      "two",
    ])
  })

  test("PLAIN-4: refusals wait for that moment too", async () => {
    await answeredApart(async () => {
      const client = raw()
      client.write(Buffer.concat([Buffer.from(handshake("/?api_key=wrong")), frame("lost")]))
      await until(() => client.closeCode !== undefined, "it is closed")
      expect(client.closeCode).toBe(3500)
      expect(lobby()).not.toContain("lost")
      return client
    })
  })

  test("PLAIN-5: handshake, one frame and good-bye in one packet", async () => {
    const page = await ScriptClient.open(server.url)
    page.command({ type: "subscribe", channel: "orders" })
    await page.next()
    for (const ending of ["fin", "reset", "close frame"]) {
      const client = raw()
      const json = `{"channel":"orders","ending":"${ending}"}`
      const packet = [Buffer.from(handshake("/", { "X-API-Key": API_KEY })), frame(json)]
      if (ending === "close frame") packet.push(frame("", { opcode: 8 }))
      await new Promise<void>((sent) => client.socket.write(Buffer.concat(packet), () => sent()))
      if (ending === "fin") client.socket.end()
      // A reset may overtake what the server has not read: a client that wants to be heard waits for the answer.
      if (ending === "reset") {
        await client.answered()
        client.socket.resetAndDestroy()
      }
      expect(await page.next()).toBe(json)
    }
    page.close()
  })
})

describe("frames", () => {
  async function open(path = "/"): Promise<RawClient> {
    const client = raw()
    client.write(handshake(path))
    await client.answered()
    return client
  }

  test("PLAIN-6: fragments, with a ping between them", async () => {
    const client = await open()
    client.write(frame("one ", { final: false }))
    client.write(frame("", { opcode: 9 }))
    client.write(frame("message", { opcode: 0, final: false }))
    client.write(frame(" 吗", { opcode: 0 }))
    await saidOnce("one message 吗")
    await until(() => client.frames.some(({ opcode }) => opcode === 10), "the ping is answered")
  })

  for (const [what, bytes, code] of [
    ["PLAIN-6: frames without a mask", frame("bare", { masked: false }), 1002],
    ["PLAIN-34: text that is not UTF-8", frame(Buffer.from([0xff, 0xfe])), 1007],
    ["PLAIN-6: the hybi-00 frames of old snippets", Buffer.from("\u0000hello\u00ff", "latin1"), 1002],
  ] as const)
    test(`${what}: ${code}`, async () => {
      const before = lobby().length
      const client = await open()
      client.write(bytes)
      await until(() => client.closed || client.closeCode !== undefined, "it is closed")
      if (client.closeCode !== undefined) expect(client.closeCode).toBe(code)
      expect(lobby()).toHaveLength(before)
    })

  test("PLAIN-34: binary frames are refused", async () => {
    const client = await open()
    client.write(frame("binary", { opcode: 2 }))
    const [answer] = await until(() => client.texts.length > 0 && client.texts, "an answer comes")
    expect(JSON.parse(answer ?? "")).toMatchObject({ type: "error", code: 107 })
  })

  test("the lobby's text is a text frame, exactly the bytes that were sent", async () => {
    const listener = await open()
    const speaker = await open()
    speaker.write(frame("早上好 \\u0041 <b>&amp;"))
    await until(() => listener.texts.length > 0, "it is heard")
    expect(listener.frames.at(-1)).toEqual({ opcode: 1, payload: Buffer.from("早上好 \\u0041 <b>&amp;") })
  })
})

test("PLAIN-32: clients are pinged as often as configured, whether they talk or not", async () => {
  const eager = await startPlain({ config: { pingIntervalMs: 10 } })
  const [silent, talking] = [new RawClient(eager.port), new RawClient(eager.port)]
  raws.push(silent, talking)
  for (const client of [silent, talking]) client.write(handshake("/"))
  const pings = (client: RawClient) => client.frames.filter(({ opcode }) => opcode === 9).length
  await until(() => {
    if (talking.head) talking.write(frame('{"type":"ping"}'))
    return pings(silent) > 1 && pings(talking) > 1
  }, "both are pinged again and again")
  await eager.stop()
})

test("PLAIN-32: who has answered a ping and then falls silent is closed; who never did, or pings by itself, lives on", async () => {
  const eager = await startPlain({ config: { pingIntervalMs: 1_000, idleTimeoutMs: 4_000, pongTimeoutMs: 500 } })
  const [lost, bare, deaf] = [new RawClient(eager.port), new RawClient(eager.port), new RawClient(eager.port)]
  raws.push(lost, bare, deaf)
  for (const client of [lost, bare, deaf]) client.write(handshake("/"))
  const pings = (client: RawClient) => client.frames.filter(({ opcode }) => opcode === 9).length
  await until(() => pings(lost) > 0 && pings(bare) > 0 && pings(deaf) > 0, "the first pings", 20_000)
  lost.write(frame("", { opcode: 10 }))
  const beats = setInterval(() => deaf.write(frame("", { opcode: 9 })), 1_500)
  expect(await until(() => lost.closeCode, "the one that is lost is closed", 20_000)).toBe(3012)
  const before = pings(bare)
  await until(() => pings(bare) > before + 1, "the others are pinged again and again", 20_000)
  clearInterval(beats)
  for (const [client, text] of [
    [bare, "bare lives"],
    [deaf, "deaf lives"],
  ] as const) {
    client.write(frame(text))
    await until(() => eager.rooms.byId.get("lobby")?.lines.some((line) => line.text === text), `"${text}" is said`)
  }
  await eager.stop()
}, 60_000)
