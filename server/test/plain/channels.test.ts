import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { UNSUBSCRIBE } from "../../src/core/close-codes.ts"
import { until } from "../support/until.ts"
import { API_KEY, type PlainServer, startPlain } from "./plain-server.ts"
import { ScriptClient } from "./script-client.ts"

let server: PlainServer
beforeAll(async () => {
  server = await startPlain()
})
afterAll(() => server.stop())

const open = (path = "/", headers: Record<string, string> = {}) => ScriptClient.open(server.url + path, headers)
const backEnd = () => open(`/?api_key=${API_KEY}`)

async function subscribed(channel: string, path = "/"): Promise<ScriptClient> {
  const client = await open(path)
  client.command({ type: "subscribe", channel })
  expect(await client.nextJson()).toMatchObject({ type: "subscribed", channel })
  return client
}

describe("subscribing", () => {
  test("PLAIN-23, PLAIN-24: a publication arrives as it was published, text as text and bytes as bytes", async () => {
    const client = await subscribed("news")
    const exact = '{ "b":1, "a":[1,2] , "big":12345678901234567890 }'
    await server.channels.publish("news", { data: exact })
    await server.channels.publish("news", { data: '"just text"' })
    await server.channels.publish("news", { data: new Uint8Array([0, 255, 7]) })
    expect(await client.next()).toBe(exact)
    expect(await client.next()).toBe('"just text"')
    expect(await client.next()).toEqual(new Uint8Array([0, 255, 7]))
    client.close()
  })

  test("PLAIN-23: with history the answer says where the channel is", async () => {
    await server.channels.publish("kept:a", { data: "1" })
    const client = await open()
    client.command({ type: "subscribe", channel: "kept:a" })
    expect(await client.nextJson()).toEqual({ type: "subscribed", channel: "kept:a", epoch: "e", offset: 1 })
    client.close()
  })

  test("PLAIN-25: unsubscribing, also from nothing", async () => {
    const client = await subscribed("news")
    for (const channel of ["news", "never"]) {
      client.command({ type: "unsubscribe", channel })
      expect(await client.nextJson()).toEqual({ type: "unsubscribed", channel })
    }
    await server.channels.publish("news", { data: "1" })
    expect(await client.drain()).toEqual([])
    client.close()
  })

  test("PLAIN-33: refusals say why, and the connection lives on", async () => {
    const client = await subscribed("news")
    for (const [command, code] of [
      [{ type: "subscribe", channel: "news" }, 105],
      [{ type: "subscribe", channel: "secret:x" }, 103],
      [{ type: "subscribe", channel: "users:x" }, 103],
      [{ type: "subscribe", channel: "no spaces" }, 107],
      [{ type: "subscribe", channel: "x".repeat(256) }, 107],
      [{ type: "subscribe", channel: "" }, 107],
      [{ type: "subscribe", channel: 5 }, 107],
      [{ type: "subscribe" }, 107],
      [{ type: "history", channel: "news" }, 108],
      [{ type: "history", channel: "users:x" }, 103],
      [{ type: "history", channel: "kept:a", limit: 0 }, 107],
      [{ type: "history", channel: "kept:a", limit: "9" }, 107],
      [{ type: "history", channel: "kept:a", since: { epoch: "other", offset: 1 } }, 112],
    ] as const) {
      client.command(command)
      expect(await client.nextJson()).toEqual({ type: "error", code, message: expect.any(String) })
    }
    for (const channel of ["a", "b", "c"]) client.command({ type: "subscribe", channel })
    for (let n = 0; n < 3; n++) expect(await client.nextJson()).toMatchObject({ type: "subscribed" })
    client.command({ type: "subscribe", channel: "one-too-many" })
    expect(await client.nextJson()).toMatchObject({ type: "error", code: 106 })
    client.close()
  })

  test("a user channel is for users, not for guests", async () => {
    const user = await subscribed("users:x", "/?user_id=7")
    await server.channels.publish("users:x", { data: "1" })
    expect(await user.next()).toBe("1")
    user.close()
  })

  test("PLAIN-23: a token opens the channel it names, for the user it names", async () => {
    const [user, guest] = [await open("/?user_id=7"), await open()]
    const token = await server.sign({ sub: "7", channel: "secret:a" }, 60)
    user.command({ type: "subscribe", channel: "secret:a", token })
    expect(await user.nextJson()).toMatchObject({ type: "subscribed", channel: "secret:a" })
    for (const [channel, given, code] of [
      ["secret:b", token, 103],
      ["secret:a", "x.y.z", 103],
      ["secret:a", token, 103],
      ["secret:a", await server.sign({ sub: "", channel: "secret:a" }, -1), 109],
    ] as const) {
      guest.command({ type: "subscribe", channel, token: given })
      expect(await guest.nextJson()).toMatchObject({ type: "error", code })
    }
    const forAnyone = await server.sign({ sub: "", channel: "secret:a" }, 60)
    guest.command({ type: "subscribe", channel: "secret:a", token: forAnyone })
    expect(await guest.nextJson()).toMatchObject({ type: "subscribed", channel: "secret:a" })
    for (const client of [user, guest]) client.close()
  })

  test("PLAIN-26: the server ends subscriptions: by hand, and when their token is over", async () => {
    const client = await subscribed("news", "/?user_id=revoked")
    server.channels.revokeUser("revoked", "news")
    expect(await client.nextJson()).toEqual({
      type: "unsubscribed",
      channel: "news",
      code: 2000,
      reason: "server unsubscribe",
    })
    // Tokens say when they end to the second: of one second as little may be left as subscribing takes.
    const token = await server.sign({ sub: "revoked", channel: "secret:a" }, 3)
    client.command({ type: "subscribe", channel: "secret:a", token })
    expect(await client.nextJson()).toMatchObject({ type: "subscribed" })
    expect(await client.nextJson()).toMatchObject({ type: "unsubscribed", channel: "secret:a", code: 2501 })
    client.close()
  })

  test("PLAIN-26: a lost history is no reason to lose the subscription, nor the room", async () => {
    const client = await subscribed("kept:b", "/?user_id=7")
    server.channels.invalidate(["kept:b"])
    expect(await client.nextJson()).toEqual({ type: "resubscribed", channel: "kept:b" })
    await server.channels.publish("kept:b", { data: "2" })
    expect(await client.next()).toBe("2")
    server.channels.revokeUser("7", "chat:c:lobby")
    await client.next()
    client.command({ type: "join_room", room_id: "kept-room" })
    await client.next()
    for (const connection of server.channels.hub.ofUser("7"))
      server.channels.revoke(connection, "chat:c:kept-room", UNSUBSCRIBE.insufficientState)
    await client.drain()
    await server.rooms.say({ userId: "web" }, "kept-room", "still in")
    expect(await client.nextJson()).toMatchObject({ message: "still in" })
    client.close()
  })

  test("PLAIN-27: channels of the token are there from the start, silently", async () => {
    const token = await server.sign({ sub: "42", channels: ["news", "secret:z"] }, 60)
    const client = await open(`/?token=${token}`)
    expect(await client.drain()).toEqual([])
    await server.channels.publish("secret:z", { data: '"psst"' })
    expect(await client.next()).toBe('"psst"')
    client.close()
  })

  test("PLAIN-27, PLAIN-33: one that is refused is told, the others are there", async () => {
    const client = await open(`/?token=${await server.sign({ sub: "42", channels: ["no spaces", "news"] }, 60)}`)
    expect(await client.nextJson()).toMatchObject({ type: "error", code: 107 })
    await server.channels.publish("news", { data: "1" })
    expect(await client.next()).toBe("1")
    client.close()
  })

  test("PLAIN-28: the chat's channels are not reached by channel commands, not even by the back end", async () => {
    const client = await backEnd()
    for (const command of [
      { type: "subscribe", channel: "chat:c:lobby" },
      { type: "unsubscribe", channel: "chat:c:lobby" },
      { type: "history", channel: "chat:c:lobby" },
      { type: "message", channel: "chat:u:7", message: "forged" },
    ]) {
      client.command(command)
      expect(await client.nextJson()).toMatchObject({ type: "error", code: 103 })
    }
    const other = await open()
    await server.rooms.say({ userId: "web" }, "lobby", "still hears the lobby")
    expect(await client.next()).toBe("still hears the lobby")
    for (const each of [client, other]) each.close()
  })

  test("PLAIN-29: history, oldest first, the newest or since a position, binary as base64", async () => {
    for (const data of ["1", '{"n": 2}', new Uint8Array([1, 2])]) await server.channels.publish("kept:c", { data })
    const client = await open()
    client.command({ type: "history", channel: "kept:c", since: { epoch: "e", offset: 1 } })
    expect(await client.next()).toBe(
      '{"type":"history","channel":"kept:c","epoch":"e","offset":3,"publications":' +
        '[{"offset":2,"data":{"n": 2}},{"offset":3,"base64":"AQI="}]}',
    )
    client.command({ type: "history", channel: "kept:c", limit: 2 })
    expect((await client.nextJson()).publications).toHaveLength(2)
    client.close()
  })
})

describe("the back end", () => {
  const update = '{"type":"update_notification", "channel":"global_updates","message":"v2","timestamp":1763596800}'

  test("PLAIN-30: publishes any JSON object with a channel as it stands, without an answer", async () => {
    const page = await subscribed("global_updates")
    const publisher = await backEnd()
    publisher.say(update)
    expect(await page.next()).toBe(update)
    expect(await publisher.drain()).toEqual([])
    for (const client of [page, publisher]) client.close()
  })

  test("PLAIN-11: the key may come in four places", async () => {
    const page = await subscribed("global_updates")
    for (const headers of [
      { "X-API-Key": API_KEY },
      { Authorization: `apikey ${API_KEY}` },
      { Authorization: `Bearer ${API_KEY}` },
    ]) {
      const publisher = await open("/", headers)
      publisher.say(update)
      expect(await page.next()).toBe(update)
      publisher.close()
    }
    page.close()
  })

  test("PLAIN-30: from anyone else it is a text like any other", async () => {
    const [stranger, listener] = [await open(), await open()]
    const page = await subscribed("global_updates")
    stranger.say(update)
    expect(await listener.next()).toBe(update)
    // The page is in the lobby too: once, and not by the channel.
    expect(await page.drain()).toEqual([update])
    for (const client of [stranger, listener, page]) client.close()
  })

  test("PLAIN-11: in development every loopback client is the back end, under its own name", async () => {
    const development = await startPlain({ loopbackIsBackEnd: true })
    const page = await ScriptClient.open(development.url)
    page.command({ type: "subscribe", channel: "global_updates" })
    await page.next()
    const publisher = await ScriptClient.open(`${development.url}/?user_id=7`)
    publisher.say(update)
    publisher.say("and a word")
    expect(await page.next()).toBe(update)
    expect(await page.next()).toBe("and a word")
    expect(development.rooms.byId.get("lobby")?.lines.at(-1)).toMatchObject({ senderId: "7" })
    await development.stop()
  })

  test("PLAIN-30, PLAIN-33: a publication that cannot be is answered with an error", async () => {
    const publisher = await backEnd()
    publisher.command({ type: "x", channel: "has spaces" })
    expect(await publisher.nextJson()).toMatchObject({ type: "error", code: 107 })
    publisher.command({ type: "x", channel: "news", text: "x".repeat(70_000) })
    expect(await publisher.nextJson()).toMatchObject({ type: "error", code: 413 })
    publisher.close()
  })

  test("PLAIN-30, PLAIN-35: it may publish thousands at once; they stay in order", async () => {
    const page = await subscribed("kept:flood")
    const publisher = await backEnd()
    // From the first moment on, when nobody knows yet that it is the back end.
    for (let n = 0; n < 3_000; n++) publisher.say(`{"channel":"kept:flood","n":${n}}`)
    for (let n = 0; n < 3_000; n++) expect(await page.next()).toBe(`{"channel":"kept:flood","n":${n}}`)
    expect(await publisher.drain()).toEqual([])
    for (const client of [page, publisher]) client.close()
  })
})

describe("bounds", () => {
  test("PLAIN-35: too many messages are refused with 111, whoever goes on is closed with 3013", async () => {
    // So seldom that none is allowed again while the test lasts, however slow the machine is.
    const strict = await startPlain({ config: { messagesPerSecond: 0.001, messageBurst: 3 } })
    const client = await ScriptClient.open(strict.url)
    for (let n = 0; n < 3; n++) client.say(`${n}`)
    await until(() => strict.rooms.byId.get("lobby")?.lines.length === 3, "all three are said")
    const refused = await ScriptClient.open(strict.url)
    for (let n = 0; n < 3; n++) refused.command({ type: "ping" })
    for (let n = 0; n < 3; n++) expect(await refused.next()).toBe('{"type":"pong"}')
    refused.say("one too many")
    expect(await refused.nextJson()).toEqual({
      type: "error",
      code: 111,
      message: expect.stringContaining("操作过于频繁"),
      retry_after_ms: expect.any(Number),
    })
    for (let n = 0; n < 200; n++) refused.say("more")
    expect(await refused.gone()).toMatchObject({ code: 3013 })
    expect(strict.rooms.byId.get("lobby")?.lines.map(({ text }) => text)).toEqual(["0", "1", "2"])
    await strict.stop()
  })

  test("PLAIN-35: subscribing is bounded by itself", async () => {
    const strict = await startPlain({ config: { subscribesPerSecond: 0.001, subscribeBurst: 2 } })
    const client = await ScriptClient.open(strict.url)
    for (const channel of ["a", "b", "c"]) client.command({ type: "subscribe", channel })
    for (let n = 0; n < 2; n++) expect(await client.nextJson()).toMatchObject({ type: "subscribed" })
    expect(await client.nextJson()).toMatchObject({ type: "error", code: 111 })
    await strict.stop()
  })

  test("PLAIN-35: what waits is bounded: 3013", async () => {
    const strict = await startPlain({ config: { maxBacklogBytes: 10_000 } })
    strict.rooms.turns = 100_000
    const client = await ScriptClient.open(strict.url)
    for (let n = 0; n < 20; n++) client.say("x".repeat(1_000))
    expect(await client.gone()).toMatchObject({ code: 3013 })
    strict.rooms.turns = 0
    await strict.stop()
  })

  test("PLAIN-34: binary frames are refused, frames above the bound end the connection", async () => {
    const client = await open()
    client.say(new Uint8Array([1, 2, 3]))
    expect(await client.nextJson()).toMatchObject({ type: "error", code: 107 })
    client.say("x".repeat(140_000))
    expect((await client.gone()).code).toBe(1009)
  })

  test("deep and odd JSON is text, or refused, and harms nothing", async () => {
    const [one, two] = [await open(), await open()]
    const deep = `{"type":"x","a":${"[".repeat(1_500)}${"]".repeat(1_500)}}`
    const texts = [deep, '{"__proto__":{"type":"ping"}}', '{"type":"constructor"}', '{"type":"toString"}', "{}", "{"]
    for (const text of texts) one.say(text)
    for (const text of texts) expect(await two.next()).toBe(text)
    one.say(`{"type":"history","since":${"[".repeat(50_000)}${"]".repeat(50_000)}}`)
    expect(await one.nextJson()).toMatchObject({ type: "error", code: 107 })
    one.say(`{"type":"ping","x":"${"y".repeat(100_000)}"}`)
    expect(await one.nextJson()).toEqual({ type: "pong" })
    for (const client of [one, two]) client.close()
  })

  test("a client nobody can identify in time is closed with 3502", async () => {
    const slow = await startPlain({ identifyMs: 60_000, config: { connectTimeoutMs: 10 } })
    const client = await ScriptClient.open(slow.url)
    expect(await client.gone()).toMatchObject({ code: 3502 })
    await slow.stop()
  })

  test("PLAIN-7: a slow arrival delays what is said in the lobby, but not for long", async () => {
    const arrival = { identifyMs: 0 }
    const slow = await startPlain(arrival)
    const speaker = await ScriptClient.open(slow.url)
    const listener = await ScriptClient.open(slow.url)
    for (const client of [speaker, listener]) await client.drain()
    // Whoever comes now is on the way for longer than anything here lasts.
    arrival.identifyMs = 60_000
    await ScriptClient.open(slow.url)
    const saidAtMs = performance.now()
    speaker.say("quick")
    expect(await listener.next()).toBe("quick")
    expect(performance.now() - saidAtMs).toBeGreaterThan(50)
    await slow.stop()
  })

  test("PLAIN-7: who is let in later than the others wait for has missed nothing, and hears nothing twice", async () => {
    const arrival = { identifyMs: 0 }
    const slow = await startPlain(arrival)
    const speaker = await ScriptClient.open(`${slow.url}/?user_id=7`)
    await speaker.drain()
    speaker.say("before")
    await speaker.drain()
    arrival.identifyMs = 500
    const late = [
      await ScriptClient.open(slow.url),
      await ScriptClient.open(slow.url, { "Accept-Language": "en" }),
    ] as const
    for (const text of ["one", "two"]) {
      speaker.say(text)
      await speaker.drain()
    }
    for (const client of late) expect(await client.drain()).toEqual(["one", "two"])
    speaker.say("three")
    for (const client of late) expect(await client.next()).toBe("three")
    await slow.stop()
  })
})

describe("receiving", () => {
  test("what reaches others as a command's look-alike is not carried out for them", async () => {
    const [attacker, victim] = [await open(), await open("/?user_id=victim")]
    await victim.drain()
    attacker.say('{"type":"join_room ","room_id":"trap"}')
    expect(await victim.next()).toBe('{"type":"join_room ","room_id":"trap"}')
    await server.rooms.say({ userId: "web" }, "lobby", '{"type":"leave_room"}')
    expect(await victim.next()).toBe('{"type":"leave_room"}')
    expect(server.channels.hub.ofUser("victim")[0]?.subscriptions.has("chat:c:lobby")).toBe(true)
    for (const client of [attacker, victim]) client.close()
  })
})
