import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import type { TestServer } from "../support/server.ts"
import { until } from "../support/until.ts"
import { APP, backEndOf, OTHER_APP, RawClient, startServer } from "./support.ts"

let server: TestServer
beforeAll(async () => {
  server = await startServer({}, { otherApp: { enabled: false } })
})
afterAll(() => server.stop())

const query = "protocol=7&client=js&version=8.6.0&flash=false"

describe("opening", () => {
  test("the first frame gives a socket id that SDKs sign, and an activity timeout", async () => {
    const client = RawClient.open(server, `/app/${APP.key}?${query}`)
    await until(() => client.frames.length > 0, "a first frame")
    expect(client.frames[0]?.event).toBe("pusher:connection_established")
    const data = await client.nextData("pusher:connection_established")
    expect(data.socket_id).toMatch(/^\d+\.\d+$/)
    expect(data.activity_timeout).toBe(120)
  })

  test("every version that clients announce is welcome", async () => {
    for (const version of [4, 5, 6, 7]) expect((await RawClient.connect(server, { version })).socketId).not.toBe("")
  })

  const refusals: [name: string, path: string, code: number][] = [
    ["an unknown key", `/app/nobody?${query}`, 4001],
    ["no key", `/app/?${query}`, 4001],
    ["a disabled app", `/app/${OTHER_APP.key}?${query}`, 4003],
    ["a path below the key", `/app/${APP.key}/more?${query}`, 4005],
    ["a page id that is too short", `/s/abc/app/${APP.key}?${query}`, 4005],
    ["a version that is no number", `/app/${APP.key}?protocol=seven`, 4006],
    ["a version that Pusher no longer speaks", `/app/${APP.key}?protocol=3`, 4007],
    ["a version of the future", `/app/${APP.key}?protocol=8`, 4007],
    ["no version", `/app/${APP.key}`, 4008],
  ]
  for (const [name, path, code] of refusals)
    test(`${name}: upgraded, told as an object, closed with ${code}`, async () => {
      const client = RawClient.open(server, path)
      const error = await client.error()
      expect(error.code).toBe(code)
      expect(error.message).not.toBe("")
      expect((await client.closing()).code).toBe(code)
      expect(client.frames).toEqual([])
    })
})

test("pages of any origin may connect, unless the app names its own", async () => {
  const own = await startServer({}, { otherApp: { origins: ["https://shop.example"] } })
  const connect = async (key: string, origin: string) => {
    const socket = new WebSocket(`${own.wsUrl}/app/${key}?${query}`, { headers: { Origin: origin } } as never)
    const frames: { event: string; data: { code: number } }[] = []
    socket.onmessage = ({ data }) => void frames.push(JSON.parse(data as string))
    await until(() => frames.length === 1, "a first frame")
    return frames[0]?.event === "pusher:error" ? frames[0].data.code : frames[0]?.event
  }
  expect(await connect(APP.key, "https://anywhere.example")).toBe("pusher:connection_established")
  expect(await connect(OTHER_APP.key, "https://shop.example")).toBe("pusher:connection_established")
  expect(await connect(OTHER_APP.key, "https://thief.example")).toBe(4009)
  await own.stop()
}, 60_000)

test("an app over its quota lets nobody else in: 4004", async () => {
  const own = await startServer({}, { otherApp: { max_connections: 1 } })
  const first = await RawClient.connect(own, { app: OTHER_APP })
  const second = RawClient.open(own, `/app/${OTHER_APP.key}?${query}`)
  expect((await second.closing()).code).toBe(4004)
  first.close()
  await first.closing()
  await until(async () => {
    const third = RawClient.open(own, `/app/${OTHER_APP.key}?${query}`)
    await until(() => third.frames.length > 0, "a first frame")
    return third.frames[0]?.event === "pusher:connection_established"
  }, "room again")
  await own.stop()
}, 60_000)

test("behind a path prefix: in front of everything, and not part of what is signed", async () => {
  const own = await startServer({}, { env: { SKEIN_PUSHER_PATH_PREFIX: "/realtime" } })
  const client = await RawClient.connect(own, { path: `/realtime/app/${APP.key}` })
  await client.subscribe("news")
  const library = backEndOf(own)
  const paths: string[] = []
  const proxy = Bun.serve({
    port: 0,
    fetch: async (request) => {
      const url = new URL(request.url)
      paths.push(url.pathname)
      return fetch(`${own.url}/realtime${url.pathname}${url.search}`, {
        method: request.method,
        body: await request.text(),
      })
    },
  })
  Object.assign((library as never as { config: object }).config, { port: String(proxy.port) })
  expect((await library.trigger("news", "e", { a: 1 })).status).toBe(200)
  expect(paths).toEqual([`/apps/${APP.id}/events`])
  await client.next("e", "news")
  proxy.stop(true)
  await own.stop()
}, 60_000)

describe("messages", () => {
  test("a ping is answered with a pong that has data, also when the ping has none", async () => {
    const client = await RawClient.connect(server)
    client.sendText('{"event":"pusher:ping"}')
    expect(await client.next("pusher:pong")).toEqual({ event: "pusher:pong", data: "{}" })
  })

  test("what is not JSON, not an object, or not known is told, and the connection stays", async () => {
    const client = await RawClient.connect(server)
    for (const text of ["{", "[]", "1", "null", '"x"', "{}"]) client.sendText(text)
    client.sendEvent("pusher:nonsense", {})
    client.sendEvent("__proto__", {})
    client.sendText(new Uint8Array([1, 2]))
    const messages = []
    for (let index = 0; index < 9; index++) messages.push(await client.error())
    expect(messages.map(({ code }) => code)).toEqual(Array(9).fill(null))
    expect(messages[0]?.message).toBe("Received invalid JSON")
    expect(messages[8]?.message).toContain("Binary")
    expect(await client.settled()).toEqual([])
  })

  test("data may be an object or, as older clients send it, JSON text of one", async () => {
    const client = await RawClient.connect(server)
    client.sendEvent("pusher:subscribe", JSON.stringify({ channel: "text" }))
    await client.next("pusher_internal:subscription_succeeded", "text")
  })
})

test("draining closes with 4200, which every client takes as: come back", async () => {
  const own = await startServer({}, { env: { SKEIN_DRAIN_WINDOW: "1s" } })
  const clients = await Promise.all([5, 6, 7].map((version) => RawClient.connect(own, { version })))
  const ended = own.terminate()
  for (const client of clients) expect((await client.closing()).code).toBe(4200)
  expect(await ended).toBe(0)
  // Before version 6 an error says so as well: clients of .NET read no close code.
  const errors = clients.map(({ frames }) => frames.map(({ event, data }) => [event, (data as { code: number }).code]))
  expect(errors).toEqual([[["pusher:error", 4200]], [], []])
  await own.stop()
}, 60_000)
