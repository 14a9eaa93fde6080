import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { API_KEY, type TestServer } from "../support/server.ts"
import { until } from "../support/until.ts"
import { Heard, jwt, newClient, startServer, WAYS } from "./support.ts"

/** The server API as back ends call it: phpcent's shapes, curl's, the legacy endpoint of old Laravel packages. */

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())

const post = (path: string, body: string, headers: Record<string, string> = { "X-API-Key": API_KEY }) =>
  fetch(`${server.url}${path}`, { method: "POST", body, headers })

async function call(method: string, params: unknown): Promise<unknown> {
  const response = await post(`/api/${method}`, JSON.stringify(params))
  expect(response.status).toBe(200)
  return response.json()
}

describe("who may call", () => {
  test("the key is taken from where clients put it, anything else is 401", async () => {
    const body = '{"channel":"short:key","data":1}'
    const statuses = await Promise.all([
      post("/api/publish", body),
      post("/api/publish", body, { Authorization: `apikey ${API_KEY}` }),
      post("/api/publish", body, { Authorization: `Bearer ${API_KEY}` }),
      post(`/api/publish?api_key=${API_KEY}`, body, {}),
      post(`/api/publish?api_key=${API_KEY}`, body, { Authorization: "Bearer for-the-proxy" }),
      post("/api/publish", body, {}),
      post("/api/publish", body, { "X-API-Key": `${API_KEY}x` }),
      post("/api/publish", body, { "X-API-Key": "" }),
      post("/api", '{"method":"info","params":{}}', {}),
      post("/api/none", "{}", {}),
    ])
    expect(statuses.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 401, 401, 401, 401, 401])
  })

  test("malformed JSON is 400, a body too large 413, an unknown method 404", async () => {
    for (const body of ["{", "[1]", "5", '"x"', '{"a":\xff}'])
      expect((await post("/api/publish", body)).status).toBe(400)
    expect((await post("/api/publish", `{"x":"${"y".repeat(1_100_000)}"}`)).status).toBe(413)
    expect((await post("/api/map_publish", "{}")).status).toBe(404)
  })

  test("anything but POST is 405, which says so", async () => {
    for (const path of ["/api", "/api/publish", "/api/none"]) {
      const response = await fetch(`${server.url}${path}`, { headers: { "X-API-Key": API_KEY } })
      expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"])
    }
  })
})

describe("publish", () => {
  test("answers with the position, and exactly {} where no history is kept", async () => {
    const first = await call("publish", { channel: "room:position", data: { title: "x" }, tags: { lang: "de" } })
    expect(first).toEqual({ result: { offset: 1, epoch: expect.stringMatching(/./) } })
    expect(await call("publish", { channel: "secret:x", data: {} })).toEqual({ result: {} })
    const skipped = await call("publish", { channel: "room:position", data: 1, skip_history: true })
    expect(skipped).toEqual({ result: {} })
  })

  test("passes the data on as it was written", async () => {
    const written = '{ "z":1.00,\n"a":[1e3, "\\u00fc ü"] }'
    await post("/api/publish", `{"tags":{"k":"v"},"data":${written},"channel":"room:raw"}`)
    const response = await post("/api/history", '{"channel":"room:raw","limit":10}')
    expect(await response.text()).toContain(`"data":${written.replace("\n", "")},"offset":1,"tags":{"k":"v"}`)
  })

  test("with the same idempotency key publishes once and answers the same", async () => {
    const params = { channel: "room:once", data: 1, idempotency_key: "a1" }
    expect(await call("publish", params)).toEqual(await call("publish", params))
    expect(await call("history", { channel: "room:once", limit: 10 })).toMatchObject({ result: { offset: 1 } })
  })

  test("takes bytes as base64", async () => {
    await call("publish", { channel: "room:b64", b64data: Buffer.from('{"a":1}').toString("base64") })
    await call("publish", { channel: "room:b64", b64data: Buffer.from([255, 0]).toString("base64") })
    expect(await call("history", { channel: "room:b64", limit: 10 })).toMatchObject({
      result: {
        publications: [
          { data: { a: 1 }, offset: 1 },
          { b64data: "/wA=", offset: 2 },
        ],
      },
    })
  })

  test.each([
    [{ channel: "room:x" }, 107],
    [{ data: 1 }, 107],
    [{ channel: "", data: 1 }, 107],
    [{ channel: 5, data: 1 }, 107],
    [{ channel: "room:x", b64data: "%%%" }, 107],
    [{ channel: "room:x", data: 1, tags: { n: 1 } }, 107],
    [{ channel: "namespace:test", data: 1 }, 102],
    [{ channel: "room:ü", data: 1 }, 107],
    [{ channel: "room:x", data: 1, version: 3 }, 108],
    [{ channel: "room:x", data: 1, idempotency_key: "k".repeat(200) }, 107],
  ])("%j is error %i", async (params, code) => {
    expect(await call("publish", params)).toEqual({ error: { code, message: expect.stringMatching(/./) } })
  })

  test("broadcast to no channel, or to one without a name, is error 107", async () => {
    for (const channels of [[], undefined, "room:x", ["room:x", ""]])
      expect(await call("broadcast", { channels, data: 1 })).toEqual({
        error: { code: 107, message: expect.stringMatching(/^channels\b/) },
      })
  })

  test("broadcast answers for each channel, in order", async () => {
    expect(await call("broadcast", { channels: ["room:b1", "nowhere:x", "secret:b"], data: { a: 1 } })).toEqual({
      result: {
        responses: [
          { result: { offset: 1, epoch: expect.any(String) } },
          { error: { code: 102, message: expect.any(String) } },
          { result: {} },
        ],
      },
    })
  })
})

test("phpcent's explicit defaults and empty arrays are what they mean", async () => {
  expect(
    await call("publish", {
      channel: "secret:php",
      data: [],
      skip_history: false,
      tags: [],
      idempotency_key: "",
      delta: false,
    }),
  ).toEqual({ result: {} })
  expect(await call("history", { channel: "room:php", limit: 0, since: [], reverse: false })).toMatchObject({
    result: { publications: [], offset: 0 },
  })
  expect(
    await call("subscribe", {
      channel: "room:php",
      user: "nobody",
      client: "",
      session: "",
      info: [],
      data: [],
      override: [],
      recover_since: null,
    }),
  ).toEqual({ result: {} })
  expect(await call("unsubscribe", { channel: "room:php", user: "nobody", client: "" })).toEqual({ result: {} })
  expect(await call("disconnect", { user: "nobody", client: "", whitelist: [], disconnect: [] })).toEqual({
    result: {},
  })
  expect(await call("info", [])).toMatchObject({
    result: { nodes: [{ name: "skein", num_clients: 0, uid: expect.any(String) }] },
  })
  expect(await call("channels", { pattern: "" })).toEqual({ result: { channels: {} } })
})

describe("connections", () => {
  test("presence, stats, channels, info and refresh know a client; a reason that is JSON is refused", async () => {
    const [way] = WAYS
    if (way === undefined) throw new Error("no way to connect")
    const client = newClient(server, way, { token: await jwt({ sub: "ann", info: { name: "Ann" } }) })
    const subscription = client.newSubscription("room:known")
    const heard = new Heard(way, subscription)
    client.connect()
    subscription.subscribe()
    await subscription.ready(10_000)

    const presence = (await call("presence", { channel: "room:known" })) as {
      result: { presence: Record<string, object> }
    }
    const [id = ""] = Object.keys(presence.result.presence)
    expect(presence.result.presence[id]).toEqual({ user: "ann", client: id, conn_info: { name: "Ann" } })
    expect(await call("presence_stats", { channel: "room:known" })).toEqual({
      result: { num_clients: 1, num_users: 1 },
    })
    expect(await call("channels", { pattern: "room:k*" })).toEqual({
      result: { channels: { "room:known": { num_clients: 1 } } },
    })
    expect(await call("channels", { pattern: "room:z*" })).toEqual({ result: { channels: {} } })
    expect(await call("info", {})).toMatchObject({ result: { nodes: [{ num_clients: 1, num_users: 1, num_subs: 1 }] } })
    expect(await call("refresh", { client: id, expire_at: Math.floor(Date.now() / 1000) + 3_600 })).toEqual({
      result: {},
    })
    for (const reason of ["42", '"x"', "{}", "r".repeat(200)])
      expect(await call("disconnect", { user: "ann", disconnect: { code: 4000, reason } })).toMatchObject({
        error: { code: 107 },
      })
    expect(await call("disconnect", { user: "ann", disconnect: { code: 1000, reason: "x" } })).toMatchObject({
      error: { code: 107 },
    })
    expect(await call("disconnect", {})).toMatchObject({ error: { code: 107 } })
    await call("disconnect", { user: "ann", whitelist: [id] })
    await call("unsubscribe", { user: "ann", channel: "room:known" })
    await until(() => heard.unsubscribed.length === 1, "unsubscribed")
    expect(heard.unsubscribed).toEqual([2000])
    const ended = new Promise<{ code: number }>((resolve) => client.on("disconnected", resolve))
    const cutWith = new Promise<{ code: number }>((resolve) => client.on("connecting", resolve))
    const back = new Promise((resolve) => client.on("connected", resolve))
    await call("refresh", { user: "ann", expired: true })
    expect((await cutWith).code).toBe(3005)
    await back
    await call("disconnect", { user: "ann" })
    expect((await ended).code).toBe(3503)
  })
})

describe("the other shapes", () => {
  test("batch answers each command, without a result around all", async () => {
    const commands = [
      { publish: { channel: "room:batch", data: { n: 1 } } },
      { presence_stats: { channel: "room:batch" } },
      { nonsense: {} },
      { publish: { channel: "nowhere:x", data: 1 } },
    ]
    for (const parallel of [false, true])
      expect(await call("batch", { commands, parallel })).toEqual({
        replies: [
          { publish: { offset: parallel ? 2 : 1, epoch: expect.any(String) } },
          { presence_stats: { num_clients: 0, num_users: 0 } },
          { error: { code: 104, message: expect.any(String) } },
          { error: { code: 102, message: expect.any(String) } },
        ],
      })
  })

  test("the legacy endpoint takes one command or several, a line each", async () => {
    const publish = '{"method":"publish","params":{"channel":"secret:legacy","data":{"x":1}}}'
    for (const path of ["/api", "/api/"]) expect(await (await post(path, publish)).text()).toBe('{"result":{}}')
    const several = await post("/api", `${publish}\n{"method":"none","params":{}}\n`, {
      Authorization: `apikey ${API_KEY}`,
    })
    const [first, second] = (await several.text()).split("\n")
    expect(first).toBe('{"result":{}}')
    expect(JSON.parse(second ?? "")).toMatchObject({ error: { code: 104 } })
    expect((await post("/api", "{}")).status).toBe(400)
  })

  test.each([
    [{ channel: "nowhere:x", data: 1 }, 404, 102],
    [{ channel: "room:x" }, 400, 107],
    [{ channel: "room:x", data: 1, version: 1 }, 400, 108],
  ])("error mode transport: %j is HTTP %i", async (params, status, code) => {
    const headers = { "X-API-Key": API_KEY, "X-Centrifugo-Error-Mode": "transport" }
    const response = await post("/api/publish", JSON.stringify(params), headers)
    expect(response.status).toBe(status)
    expect(await response.json()).toEqual({ code, message: expect.any(String) })
  })

  test("history pages like the client's, and forgets on demand", async () => {
    for (let n = 1; n <= 5; n++) await call("publish", { channel: "room:pages", data: n })
    const all = (await call("history", { channel: "room:pages", limit: -1 })) as {
      result: { epoch: string; publications: { offset: number }[] }
    }
    expect(all.result.publications.map(({ offset }) => offset)).toEqual([1, 2, 3, 4, 5])
    const since = { offset: 4, epoch: all.result.epoch }
    expect(await call("history", { channel: "room:pages", limit: 2, since, reverse: true })).toMatchObject({
      result: { publications: [{ offset: 3 }, { offset: 2 }] },
    })
    expect(await call("history", { channel: "room:pages", since: { offset: 1, epoch: "x" }, limit: 1 })).toMatchObject({
      error: { code: 112 },
    })
    expect(await call("history", { channel: "secret:x" })).toMatchObject({ error: { code: 108 } })
    expect(await call("history_remove", { channel: "room:pages" })).toEqual({ result: {} })
    expect(await call("history", { channel: "room:pages", limit: -1 })).toEqual({
      result: { publications: [], epoch: all.result.epoch, offset: 5 },
    })
    expect(await call("rpc", { method: "nothing", params: {} })).toMatchObject({ error: { code: 104 } })
  })
})
