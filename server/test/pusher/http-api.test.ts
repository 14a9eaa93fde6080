import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import type { TestServer } from "../support/server.ts"
import { APP, call, hmac, logs, OTHER_APP, RawClient, startServer, trigger } from "./support.ts"

let server: TestServer
beforeAll(async () => {
  server = await startServer(
    { max_event_bytes: 10_240 },
    {
      otherApp: { enabled: false },
      channels: [
        { pattern: "kept", history_size: 10, subscribe: "anyone" },
        { pattern: "*", subscribe: "anyone" },
      ],
    },
  )
})
afterAll(() => server.stop())

const event = { name: "e", channel: "a", data: "{}" }

describe("who may", () => {
  const without = (name: string) => (query: Record<string, string>) =>
    Object.fromEntries(Object.entries(query).filter(([key]) => key !== name))
  const wrong: [name: string, spoil: (query: Record<string, string>) => Record<string, string>, says: string][] = [
    ["no key", without("auth_key"), "auth_key is missing"],
    ["an unknown key", (query) => ({ ...query, auth_key: "nobody" }), '"nobody" is not a key of app "1"'],
    ["the key of another app", (query) => ({ ...query, auth_key: OTHER_APP.key }), 'is not a key of app "1"'],
    ["another version", (query) => ({ ...query, auth_version: "2.0" }), "auth_version must be 1.0"],
    ["no timestamp", without("auth_timestamp"), "auth_timestamp is missing"],
    ["a timestamp that is not a number", (query) => ({ ...query, auth_timestamp: "now" }), "Unix time"],
    ["no body_md5", without("body_md5"), "body_md5 is missing"],
    ["the MD5 of another body", (query) => ({ ...query, body_md5: "0".repeat(32) }), "another MD5"],
    ["no signature", without("auth_signature"), "Invalid signature"],
    ["a wrong signature", (query) => ({ ...query, auth_signature: "0".repeat(64) }), "HmacSHA256Hex"],
    ["a parameter that was not signed", (query) => ({ ...query, info: "user_count" }), "Invalid signature"],
  ]
  for (const [name, spoil, says] of wrong)
    test(`${name}: 401 that says so`, async () => {
      const { status, text } = await call(server, "POST", "/events", { body: event, spoil })
      expect(status).toBe(401)
      expect(text).toContain(says)
    })

  test("a captured request is worth nothing after ten minutes, nor is one from the future", async () => {
    const nowSeconds = Math.floor(Date.now() / 1_000)
    for (const timestamp of [nowSeconds - 601, nowSeconds + 660, 1_353_088_179]) {
      const { status, text } = await call(server, "POST", "/events", { body: event, timestamp })
      expect(status).toBe(401)
      expect(text).toContain(`auth_timestamp ${timestamp}`)
      expect(text).toContain("server's time")
    }
    expect((await call(server, "POST", "/events", { body: event, timestamp: nowSeconds - 540 })).status).toBe(200)
  })

  test("the wrong secret is a wrong signature; whose it is only the log says", async () => {
    const thief = { ...APP, secret: OTHER_APP.secret }
    const { status, text } = await trigger(server, "a", "e", "{}", {}, thief)
    expect(status).toBe(401)
    expect(text).not.toContain("app-secret")
    await logs(server, 'signed with a secret of app \\"2\\"')
  })

  test("an unknown app is 401, a disabled one 403", async () => {
    expect((await trigger(server, "a", "e", "{}", {}, { ...APP, id: "3" })).status).toBe(401)
    expect((await trigger(server, "a", "e", "{}", {}, OTHER_APP)).status).toBe(403)
  })
})

describe("POST /events", () => {
  test("to several channels, each once", async () => {
    const client = await RawClient.connect(server)
    for (const channel of ["m1", "m2"]) await client.subscribe(channel)
    const { json } = await call(server, "POST", "/events", {
      body: { name: "e", channels: ["m1", "m2", "m1"], data: "1" },
    })
    expect(json).toEqual({})
    expect((await client.settled()).map(({ channel }) => channel)).toEqual(["m1", "m2"])
  })

  test("spares the connection that caused it; an unknown one does no harm", async () => {
    const [ann, bob] = [await RawClient.connect(server), await RawClient.connect(server)]
    await ann.subscribe("spare")
    await bob.subscribe("spare")
    await trigger(server, "spare", "e", "1", { socket_id: ann.socketId })
    await bob.next("e")
    expect(await ann.settled()).toEqual([])
    expect((await trigger(server, "spare", "e", "2", { socket_id: "1.1" })).status).toBe(200)
    await ann.next("e")
  })

  test("info counts users in presence channels and subscriptions in others", async () => {
    const client = await RawClient.connect(server)
    await client.subscribe("presence-i", { user_id: "1" })
    await client.subscribe("i")
    const info = "user_count,subscription_count"
    const { json } = await call(server, "POST", "/events", {
      body: { name: "e", channels: ["presence-i", "i", "none"], data: "1", info },
    })
    expect(json).toEqual({
      channels: { "presence-i": { user_count: 1 }, i: { subscription_count: 1 }, none: { subscription_count: 0 } },
    })
    const nothing = await call(server, "POST", "/events", { body: { ...event, info: "nothing" } })
    expect(nothing.json).toEqual({ channels: { a: {} } })
  })

  test("the limit of data is told with both sizes", async () => {
    expect((await trigger(server, "a", "e", "x".repeat(10_240))).status).toBe(200)
    const { status, text } = await trigger(server, "a", "e", "ü".repeat(5_121))
    expect(status).toBe(413)
    expect(text).toStartWith("The data content of this event exceeds the allowed maximum (10240 bytes)")
    expect(text).toContain("10242 bytes")
  })

  test("a body too large is refused in words too", async () => {
    const { status, text } = await trigger(server, "a", "e", "x".repeat(4_000_000))
    expect([status, text]).toEqual([413, "The body of a request may have 1048576 bytes (limits.max_request_bytes)"])
  })

  const bad: [name: string, body: unknown, says: string][] = [
    ["not JSON", "{", "JSON object"],
    ["a list", [], "JSON object"],
    ["no name", { channel: "a", data: "" }, '"name"'],
    ["a name of the protocol's own", { ...event, name: "pusher_internal:member_added" }, "the protocol's own"],
    ["data that is not a string", { name: "e", channel: "a", data: {} }, '"data" must be a string'],
    ["no data", { name: "e", channel: "a" }, '"data"'],
    ["no channel", { name: "e", data: "" }, '"channels"'],
    ["no channels", { name: "e", data: "", channels: [] }, '"channels"'],
    ["a bad channel", { name: "e", data: "", channel: "a b" }, "a channel name consists of"],
    ["too long an event name", { name: "x".repeat(201), data: "", channel: "a" }, "200"],
    ["101 channels", { name: "e", data: "", channels: Array.from({ length: 101 }, (_, n) => `c${n}`) }, "100 channels"],
    ["a bad socket id", { ...event, socket_id: "1" }, '"socket_id"'],
    ["two encrypted channels", { name: "e", data: "", channels: ["private-encrypted-a", "b"] }, "encrypted"],
    ["a key of 129 bytes", { ...event, idempotency_key: "x".repeat(129) }, "128 bytes"],
  ]
  for (const [name, body, says] of bad)
    test(`${name}: 400 in a sentence`, async () => {
      const { status, text } = await call(server, "POST", "/events", { body })
      expect(status).toBe(400)
      expect(text).toContain(says)
    })

  test("parameters in the query are taken too", async () => {
    const client = await RawClient.connect(server)
    await client.subscribe("q1")
    const { status } = await call(server, "POST", "/events", { query: { name: "e", data: "1", channel: "q1" } })
    expect(status).toBe(200)
    await client.next("e", "q1")
  })

  test("the same idempotency key publishes once, in channels with and without history", async () => {
    const client = await RawClient.connect(server)
    for (const channel of ["kept", "plain"]) {
      await client.subscribe(channel)
      for (let attempt = 0; attempt < 3; attempt++)
        expect((await trigger(server, channel, "e", "1", { idempotency_key: "job-1" })).json).toEqual({})
      await trigger(server, channel, "e", "2", { idempotency_key: "job-2" })
    }
    expect((await client.settled()).map(({ channel, data }) => `${channel} ${data}`)).toEqual([
      "kept 1",
      "kept 2",
      "plain 1",
      "plain 2",
    ])
  })
})

describe("POST /batch_events", () => {
  test("publishes in order; info is aligned with the events", async () => {
    const client = await RawClient.connect(server)
    await client.subscribe("b1")
    const batch = [
      { name: "e", channel: "b1", data: "1", info: "subscription_count" },
      { name: "e", channel: "b2", data: "2" },
      { name: "e", channel: "b1", data: "3" },
    ]
    expect((await call(server, "POST", "/batch_events", { body: { batch } })).json).toEqual({
      batch: [{ subscription_count: 1 }, {}, {}],
    })
    expect((await client.settled()).map(({ data }) => data)).toEqual(["1", "3"])
    expect((await call(server, "POST", "/batch_events", { body: { batch: batch.slice(1) } })).json).toEqual({})
  })

  test("one bad event: none is published, and the answer says which it was", async () => {
    const client = await RawClient.connect(server)
    await client.subscribe("b3")
    const batch = [
      { name: "e", channel: "b3", data: "1" },
      { name: "e", channel: "b 3", data: "2" },
    ]
    const { status, text } = await call(server, "POST", "/batch_events", { body: { batch } })
    expect(status).toBe(400)
    expect(text).toStartWith("Event 1 of the batch:")
    expect(await client.settled()).toEqual([])
  })

  test("the same idempotency keys publish once, event by event", async () => {
    const client = await RawClient.connect(server)
    await client.subscribe("b4")
    const batch = ["1", "2"].map((data) => ({ name: "e", channel: "b4", data, idempotency_key: `batch-job-${data}` }))
    for (const attempt of [batch.slice(0, 1), batch, batch])
      expect((await call(server, "POST", "/batch_events", { body: { batch: attempt } })).json).toEqual({})
    expect((await client.settled()).map(({ data }) => data)).toEqual(["1", "2"])
  })

  test("eleven events are too many", async () => {
    const batch = Array.from({ length: 11 }, () => event)
    expect((await call(server, "POST", "/batch_events", { body: { batch } })).status).toBe(400)
  })
})

describe("reading", () => {
  test("channels: an object also when empty; filtered; users only of presence channels", async () => {
    expect((await call(server, "GET", "/channels", { query: { filter_by_prefix: "nothing-" } })).json).toEqual({
      channels: {},
    })
    const client = await RawClient.connect(server)
    await client.subscribe("presence-list", { user_id: "1" })
    await client.subscribe("list-a")
    const { json } = await call(server, "GET", "/channels", {
      query: { filter_by_prefix: "presence-list", info: "user_count" },
    })
    expect(json).toEqual({ channels: { "presence-list": { user_count: 1 } } })
    const all = await call(server, "GET", "/channels")
    expect(all.json.channels["list-a"]).toEqual({})
    expect((await call(server, "GET", "/channels", { query: { info: "user_count" } })).status).toBe(400)
    expect((await call(server, "GET", "/channels", { query: { info: "nonsense" } })).status).toBe(400)
  })

  test("one channel: occupied always, other things when asked for and possible", async () => {
    const client = await RawClient.connect(server)
    await client.subscribe("presence-one", { user_id: "1" })
    const query = { info: "user_count,subscription_count" }
    expect((await call(server, "GET", "/channels/presence-one", { query })).json).toEqual({
      occupied: true,
      user_count: 1,
      subscription_count: 1,
    })
    expect((await call(server, "GET", "/channels/empty")).json).toEqual({ occupied: false })
    expect((await call(server, "GET", "/channels/empty", { query })).status).toBe(400)
    expect((await call(server, "GET", "/channels/empty", { query: { info: "cache" } })).status).toBe(400)
    expect((await call(server, "GET", "/channels/presence-one/stats")).json).toEqual({ occupied: true, user_count: 1 })
  })

  test("what a cache channel remembers, and for how long", async () => {
    const query = { info: "cache" }
    expect((await call(server, "GET", "/channels/cache-r", { query })).json).toEqual({ occupied: false, cache: null })
    await trigger(server, "cache-r", "e", '{"n":1}')
    const { cache } = (await call(server, "GET", "/channels/cache-r", { query })).json
    expect(cache.data).toBe('{"n":1}')
    expect(cache.ttl).toBeGreaterThan(1_700)
    expect(cache.ttl).toBeLessThanOrEqual(1_800)
  })

  test("users of a presence channel; a list also when empty; 400 elsewhere", async () => {
    const client = await RawClient.connect(server)
    await client.subscribe("presence-users", { user_id: 5 })
    expect((await call(server, "GET", "/channels/presence-users/users")).json).toEqual({ users: [{ id: "5" }] })
    expect((await call(server, "GET", "/channels/presence-nobody/users")).json).toEqual({ users: [] })
    expect((await call(server, "GET", "/channels/a/users")).status).toBe(400)
  })

  test("history: pages with names and data as they were published", async () => {
    for (const n of [1, 2, 3]) await trigger(server, "kept", `history-${n}`, `{"n":${n}}`)
    const { json } = await call(server, "GET", "/channels/kept/history", { query: { limit: "2", order: "desc" } })
    expect(json.events.map(({ name }: { name: string }) => name)).toEqual(["history-3", "history-2"])
    const since = `${json.epoch}:${json.offset - 1}`
    const later = await call(server, "GET", "/channels/kept/history", { query: { since } })
    expect(later.json.events).toMatchObject([{ name: "history-3", data: '{"n":3}', offset: json.offset }])
    expect((await call(server, "GET", "/channels/plain/history")).status).toBe(400)
    expect((await call(server, "GET", "/channels/kept/history", { query: { since: "other:1" } })).status).toBe(416)
  })

  test("the deprecated trigger still works, with 202", async () => {
    const client = await RawClient.connect(server)
    await client.subscribe("old")
    const { status } = await call(server, "POST", "/channels/old/events", { query: { name: "e" }, body: '{"old":1}' })
    expect(status).toBe(202)
    expect((await client.next("e")).data).toBe('{"old":1}')
  })
})

test("array values: signed joined by commas, sent as info[0] and info[1], as PHP does", async () => {
  const timestamp = Math.floor(Date.now() / 1_000)
  const path = `/apps/${APP.id}/channels/presence-php`
  const rest = `auth_timestamp=${timestamp}&auth_version=1.0`
  const signature = hmac(APP.secret, `GET\n${path}\nauth_key=${APP.key}&${rest}&info=user_count,subscription_count`)
  const sent = `auth_key=${APP.key}&${rest}&auth_signature=${signature}&info%5B0%5D=user_count&info%5B1%5D=subscription_count`
  const response = await fetch(`${server.url}${path}?${sent}`)
  expect(await response.json()).toEqual({ occupied: false, user_count: 0, subscription_count: 0 })
})
