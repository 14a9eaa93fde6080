import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import type { TestServer } from "../support/server.ts"
import { until } from "../support/until.ts"
import { APP, call, hmac, logs, OTHER_APP, RawClient, startServer, trigger } from "./support.ts"

let server: TestServer
beforeAll(async () => {
  server = await startServer(
    {},
    { channels: [{ pattern: "cache-brief-*", history_size: 1, history_ttl: "1s", subscribe: "anyone" }] },
  )
})
afterAll(() => server.stop())

const SUCCEEDED = "pusher_internal:subscription_succeeded"

describe("the nine kinds", () => {
  const kinds: [channel: string, needsAuth: boolean, isCache: boolean][] = [
    ["news", false, false],
    ["private-a", true, false],
    ["presence-a", true, false],
    ["private-encrypted-a", true, false],
    ["cache-a", false, true],
    ["private-cache-a", true, true],
    ["private-encrypted-cache-a", true, true],
    ["presence-cache-a", true, true],
    ["#server-to-user-nine", false, false],
  ]
  for (const [channel, needsAuth, isCache] of kinds)
    test(`${channel}: ${needsAuth ? "needs a signature" : "is open"}${isCache ? " and has a cache" : ""}`, async () => {
      const client = await RawClient.connect(server)
      if (needsAuth) {
        client.sendEvent("pusher:subscribe", { channel, auth: "" })
        expect(await client.error()).toEqual({ code: null, message: `Auth info required to subscribe to ${channel}` })
        const told = await client.nextData("pusher:subscription_error", channel)
        expect(told).toMatchObject({ type: "AuthError", status: 401 })
        client.sendEvent("pusher:subscribe", { channel, auth: `${APP.key}:${"0".repeat(64)}` })
        const { code, message } = await client.error()
        expect(code).toBeNull()
        expect(message).toStartWith(
          `Invalid signature: Expected HMAC SHA256 hex digest of ${client.socketId}:${channel},`,
        )
        await client.next("pusher:subscription_error", channel)
      }
      if (channel.startsWith("#")) {
        client.sendEvent("pusher:subscribe", { channel, auth: "" })
        expect((await client.error()).message).toContain("signed in as that user")
        await client.next("pusher:subscription_error", channel)
        await client.signIn({ id: "nine" })
      }
      const member = channel.startsWith("presence-") ? { user_id: "1" } : undefined
      const succeeded = await client.subscribe(channel, member)
      expect(typeof succeeded.data).toBe("string")
      if (isCache)
        expect(await client.next("pusher:cache_miss", channel)).toEqual({
          event: "pusher:cache_miss",
          channel,
          data: "{}",
        })
      await trigger(server, channel, "e", '{"n":1}')
      expect(await client.next("e", channel)).toEqual({ event: "e", channel, data: '{"n":1}' })
      client.sendEvent("pusher:subscribe", {
        channel,
        auth: client.sign(channel, member && JSON.stringify(member)),
        ...(member ? { channel_data: JSON.stringify(member) } : {}),
      })
      expect(await client.error()).toEqual({ code: null, message: `Existing subscription to channel ${channel}` })
      client.sendEvent("pusher:unsubscribe", { channel })
      await client.settled()
      await trigger(server, channel, "e", '{"n":2}')
      expect(await client.settled()).toEqual([])
    })

  test("names that only look like one of them are public", async () => {
    const client = await RawClient.connect(server)
    for (const channel of ["my-private-x", "cached", "privateer", "presence", "my-cache-x", "precache-x"]) {
      expect(await client.subscribe(channel)).toEqual({ event: SUCCEEDED, channel, data: "{}" })
      expect(await client.settled()).toEqual([])
    }
  })

  test("names that Pusher does not allow are refused", async () => {
    const client = await RawClient.connect(server)
    for (const channel of ["", "a b", "a/b", "app:2:news", "ü", "#x", "x".repeat(201)]) {
      client.sendEvent("pusher:subscribe", { channel, auth: "" })
      expect((await client.error()).code).toBeNull()
      await client.next("pusher:subscription_error")
    }
    await client.subscribe("x".repeat(200))
  })

  test("unsubscribing at once after subscribing wins", async () => {
    const client = await RawClient.connect(server)
    client.sendEvent("pusher:subscribe", { channel: "cache-quick", auth: "" })
    client.sendEvent("pusher:unsubscribe", { channel: "cache-quick" })
    await client.next(SUCCEEDED)
    await client.settled()
    await trigger(server, "cache-quick", "e", "{}")
    expect((await client.settled()).filter(({ event }) => event === "e")).toEqual([])
  })
})

describe("signatures", () => {
  const refusal = async (client: RawClient, channel: string, auth: string, channelData?: string) => {
    client.sendEvent("pusher:subscribe", {
      channel,
      auth,
      ...(channelData === undefined ? {} : { channel_data: channelData }),
    })
    const { message } = await client.error()
    await client.next("pusher:subscription_error", channel)
    return message
  }

  test("a wrong one is answered with what should have been signed, never with the right signature", async () => {
    const client = await RawClient.connect(server)
    const message = await refusal(client, "private-a", `${APP.key}:${"0".repeat(64)}`)
    expect(message).toContain(`Expected HMAC SHA256 hex digest of ${client.socketId}:private-a, but got 000`)
    expect(message).not.toContain(client.sign("private-a").split(":")[1] as string)
    await client.subscribe("private-a")
  })

  test("says when the key is not a key of the app; whose it is only the log says", async () => {
    const client = await RawClient.connect(server)
    const auth = `${OTHER_APP.key}:${hmac(OTHER_APP.secret, `${client.socketId}:private-a`)}`
    expect(await refusal(client, "private-a", auth)).toContain("is not a key of this app")
    await logs(server, 'the key belongs to app \\"2\\"')
  })

  test("says in the log, and only there, that another app's secret was used", async () => {
    const client = await RawClient.connect(server)
    expect(await refusal(client, "private-a", client.sign("private-a", undefined, OTHER_APP.secret))).not.toContain(
      "app",
    )
    await logs(server, `was made with the secret of key \\"${OTHER_APP.key}\\" of app \\"2\\"`)
  })

  test("says that a signature is for the socket id before a reconnect, and lets the next try through", async () => {
    const before = await RawClient.connect(server)
    const stale = before.sign("private-a")
    before.close()
    await before.closing()
    const client = await RawClient.connect(server)
    expect(await refusal(client, "private-a", stale)).toContain(`for socket id ${before.socketId}`)
    await client.subscribe("private-a")
  })

  test("says that the channel was signed without its prefix, and that channel_data is not covered", async () => {
    const client = await RawClient.connect(server)
    expect(await refusal(client, "private-a", client.sign("a"))).toContain('channel "a", without the prefix')
    expect(await refusal(client, "private-a", client.sign("private-a"), "{}")).toContain(
      "does not cover the channel_data",
    )
    expect(await refusal(client, "private-a", "nonsense")).toContain("no colon")
  })

  test("channel_data on a private channel is part of what is signed, as PHP's authorizeChannel does", async () => {
    const client = await RawClient.connect(server)
    await client.subscribe("private-custom", { custom: 1 })
  })
})

describe("keys never cross apps", () => {
  test("channels of the same name in two apps are two channels", async () => {
    const [one, two] = [await RawClient.connect(server), await RawClient.connect(server, { app: OTHER_APP })]
    await one.subscribe("news")
    await two.subscribe("news")
    await trigger(server, "news", "e", '"for two"', {}, OTHER_APP)
    expect((await two.next("e")).data).toBe('"for two"')
    expect(await one.settled()).toEqual([])
    await trigger(server, "news", "e", '"for one"')
    expect((await one.next("e")).data).toBe('"for one"')
    expect(await two.settled()).toEqual([])
  })
})

test("a rule for another app's channels keeps them for its key", async () => {
  const own = await startServer({}, { channels: [{ pattern: "app:2:kept*", history_size: 5 }] })
  const client = await RawClient.connect(own, { app: OTHER_APP })
  await client.subscribe("kept")
  await trigger(own, "kept", "e", "1", {}, OTHER_APP)
  await client.next("e", "kept")
  const stranger = await RawClient.connect(own)
  stranger.sendEvent("pusher:subscribe", { channel: "app:2:kept" })
  await stranger.error()
  await own.stop()
}, 60_000)

describe("data", () => {
  test("goes through byte for byte, whatever it is", async () => {
    const client = await RawClient.connect(server)
    await client.subscribe("bytes")
    const samples = [
      '{ "a" : 1.0 }',
      "plain text",
      "",
      '"quoted"',
      "12345678901234567890",
      "{bad",
      "line\nbreak",
      "  1 ",
      "über 😀",
    ]
    for (const data of samples) {
      expect((await trigger(server, "bytes", "e", data)).json).toEqual({})
      expect((await client.next("e")).data).toBe(data)
    }
  })

  test("may have 100 KB, not one byte more", async () => {
    const client = await RawClient.connect(server)
    await client.subscribe("large")
    const data = "x".repeat(102_400)
    expect((await trigger(server, "large", "e", data)).status).toBe(200)
    expect((await client.next("e")).data).toBe(data)
    expect((await trigger(server, "large", "e", `${data}x`)).status).toBe(413)
  })

  test("event names may be anything, as Laravel's classes are", async () => {
    const client = await RawClient.connect(server)
    await client.subscribe("names")
    await trigger(server, "names", 'App\\Events\\Order"Shipped', "{}")
    await client.next('App\\Events\\Order"Shipped')
  })
})

describe("cache channels", () => {
  test("a new subscriber gets the last event after the confirmation; whispers are not kept", async () => {
    const first = await RawClient.connect(server)
    await first.subscribe("private-cache-last")
    await trigger(server, "private-cache-last", "e", "1")
    await trigger(server, "private-cache-last", "e", "2")
    first.sendEvent("client-typing", {}, "private-cache-last")
    await first.settled()
    const second = await RawClient.connect(server)
    await second.subscribe("private-cache-last")
    expect(await second.settled()).toEqual([{ event: "e", channel: "private-cache-last", data: "2" }])
  })
})

test("a cache channel forgets when its time is over, and says so to the next subscriber", async () => {
  const channel = "cache-brief-a"
  await trigger(server, channel, "e", "1")
  await until(async () => {
    const { json } = await call(server, "GET", `/channels/${channel}`, { query: { info: "cache" } })
    return json.cache === null
  }, "the event is forgotten")
  const client = await RawClient.connect(server)
  await client.subscribe(channel)
  expect(await client.settled()).toEqual([{ event: "pusher:cache_miss", channel, data: "{}" }])
})

describe("user channels", () => {
  const channel = "#server-to-user-42"
  test("only the connection that signed in as that user may subscribe", async () => {
    const [stranger, other, owner] = [
      await RawClient.connect(server),
      await RawClient.connect(server),
      await RawClient.connect(server),
    ]
    await other.signIn({ id: "43" })
    for (const client of [stranger, other]) {
      client.sendEvent("pusher:subscribe", { channel, auth: "" })
      expect((await client.error()).message).toContain("signed in as that user")
    }
    await owner.signIn({ id: "42" })
    await owner.subscribe(channel)
    await trigger(server, channel, "note", "{}")
    await owner.next("note", channel)
    for (const client of [stranger, other])
      expect((await client.settled()).filter(({ event }) => event === "note")).toEqual([])
  })

  test("ids may be anything", async () => {
    const client = await RawClient.connect(server)
    await client.signIn({ id: "a b/ü%25" })
    await client.subscribe("#server-to-user-a b/ü%25")
    await trigger(server, "#server-to-user-a b/ü%25", "note", "{}")
    await client.next("note", "#server-to-user-a b/ü%25")
  })
})
