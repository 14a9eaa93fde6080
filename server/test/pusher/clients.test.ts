import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test"
import { Centrifuge } from "centrifuge"
import { SignJWT } from "jose"
import Echo from "laravel-echo"
import type PusherServer from "pusher"
import PusherJs from "pusher-js"
import nacl from "tweetnacl"
import { API_KEY, type TestServer, TOKEN_SECRET } from "../support/server.ts"
import { until } from "../support/until.ts"
import { APP, backEndOf, RawClient, startServer, trigger } from "./support.ts"

const MASTER_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

let server: TestServer
let backEnd: PusherServer
/** A site's auth endpoints, as Laravel and other back ends have them. */
let site: ReturnType<typeof startSite>
const open: { disconnect(): void }[] = []

beforeAll(async () => {
  server = await startServer({ subscription_count: true })
  backEnd = backEndOf(server, APP, { encryptionMasterKeyBase64: MASTER_KEY })
  site = startSite()
})
afterEach(() => {
  for (const client of open.splice(0)) client.disconnect()
})
afterAll(async () => {
  site.stop(true)
  await server.stop()
})

function startSite() {
  return Bun.serve({
    port: 0,
    routes: {
      "/pusher/auth": async (request) => {
        const form = new URLSearchParams(await request.text())
        const [socketId, channel] = [form.get("socket_id") ?? "", form.get("channel_name") ?? ""]
        const user = request.headers.get("x-user") ?? "guest"
        const member = { user_id: user, user_info: { name: `${user}!` } }
        return Response.json(
          backEnd.authorizeChannel(socketId, channel, channel.startsWith("presence-") ? member : undefined),
        )
      },
      "/pusher/user-auth": async (request) => {
        const form = new URLSearchParams(await request.text())
        const user = { id: request.headers.get("x-user") ?? "guest", user_info: { name: "x" }, watchlist: ["friend"] }
        return Response.json(backEnd.authenticateUser(form.get("socket_id") ?? "", user))
      },
    },
  })
}

const options = (user: string) => ({
  cluster: "",
  wsHost: "127.0.0.1",
  wsPort: server.port,
  wssPort: server.port,
  forceTLS: false,
  enabledTransports: ["ws" as const],
  channelAuthorization: { endpoint: `${site.url}pusher/auth`, transport: "ajax" as const, headers: { "X-User": user } },
  userAuthentication: {
    endpoint: `${site.url}pusher/user-auth`,
    transport: "ajax" as const,
    headers: { "X-User": user },
  },
})

async function pusherJs(user = "ann", more: object = {}): Promise<PusherJs> {
  const client = new PusherJs(APP.key, { ...options(user), ...more })
  open.push(client)
  await until(() => client.connection.state === "connected", "pusher-js connects")
  return client
}

async function subscribed(client: PusherJs, name: string) {
  const channel = client.subscribe(name)
  await until(() => channel.subscribed, `subscribed to ${name}`)
  return channel
}

const heard = (channel: { bind(event: string, callback: (data: unknown) => void): unknown }, event: string) => {
  const all: unknown[] = []
  channel.bind(event, (data) => void all.push(data))
  return all
}

describe("pusher-js and the pusher library of Node", () => {
  test("public, private, presence and cache channels; members; whispers; counts", async () => {
    const [ann, bob] = [await pusherJs("ann"), await pusherJs("bob")]
    const news = heard(await subscribed(ann, "news"), "created")
    await backEnd.trigger("news", "created", { id: 7 })
    await until(() => news.length === 1, "an event")
    expect(news).toEqual([{ id: 7 }])

    const annRoom = (await subscribed(ann, "presence-room")) as never as { members: { count: number; me: unknown } }
    const added = heard(annRoom as never, "pusher:member_added")
    const bobRoom = await subscribed(bob, "presence-room")
    await until(() => added.length === 1, "bob is added")
    expect(added).toEqual([{ id: "bob", info: { name: "bob!" } }])
    expect(annRoom.members).toMatchObject({ count: 2, me: { id: "ann", info: { name: "ann!" } } })
    const typing: unknown[] = []
    ;(annRoom as never as { bind(e: string, c: (d: unknown, m: unknown) => void): void }).bind(
      "client-typing",
      (data, meta) => typing.push([data, meta]),
    )
    bobRoom.trigger("client-typing", { on: true })
    await until(() => typing.length === 1, "bob types")
    expect(typing).toEqual([[{ on: true }, { user_id: "bob" }]])
    const removed = heard(annRoom as never, "pusher:member_removed")
    bob.disconnect()
    await until(() => removed.length === 1, "bob is removed")

    await backEnd.trigger("private-cache-price", "changed", { eur: 5 })
    const price = ann.subscribe("private-cache-price")
    const prices = heard(price, "changed")
    await until(() => prices.length === 1, "the last price")
    const missed = heard(ann.subscribe("cache-empty"), "pusher:cache_miss")
    await until(() => missed.length === 1, "a cache miss")
    const counts = heard(ann.subscribe("how-many"), "pusher:subscription_count")
    await until(() => counts.length === 1, "a count")
    expect(counts).toEqual([{ subscription_count: 1 }])
  })

  test("encrypted channels: the server passes on what only the clients can read", async () => {
    const client = await pusherJs("ann", { nacl })
    const secret = heard(await subscribed(client, "private-encrypted-safe"), "told")
    await backEnd.trigger("private-encrypted-safe", "told", { code: 1234 })
    await until(() => secret.length === 1, "the secret")
    expect(secret).toEqual([{ code: 1234 }])
  })

  test("sign-in, the user's own channel, watchlist, terminate", async () => {
    const client = await pusherJs("user-1")
    const watched = { online: [] as unknown[], offline: [] as unknown[] }
    client.user.watchlist.bind("online", (event: unknown) => void watched.online.push(event))
    client.user.watchlist.bind("offline", (event: unknown) => void watched.offline.push(event))
    client.signin()
    await until(() => watched.offline.length === 1, "the state of the watchlist")
    const friend = await pusherJs("friend")
    friend.signin()
    await until(() => watched.online.length === 1, "the friend is there")
    const own = heard(client.user as never, "note")
    await until(
      async () => (await (await backEnd.get({ path: "/channels" })).json()).channels["#server-to-user-user-1"],
      "own channel",
    )
    await backEnd.sendToUser("user-1", "note", { text: "hi" })
    await until(() => own.length === 1, "a note")
    await backEnd.terminateUserConnections("friend")
    await until(() => watched.offline.length === 2, "the friend is gone")
    await until(() => friend.connection.state === "disconnected", "4009 makes pusher-js stop")
  })

  test("errors reach the page", async () => {
    const client = new PusherJs(APP.key, {
      ...options("ann"),
      channelAuthorization: {
        customHandler: (_params: unknown, callback: (error: null, data: { auth: string }) => void) =>
          callback(null, { auth: `${APP.key}:${"0".repeat(64)}` }),
      } as never,
    })
    open.push(client)
    const errors = heard(client.subscribe("private-x"), "pusher:subscription_error")
    await until(() => errors.length === 1, "a subscription error")
    expect(errors[0]).toMatchObject({ type: "AuthError", status: 401 })
    const wrongKey = new PusherJs("wrong-key", options("ann"))
    open.push(wrongKey)
    const seen: { error?: { data?: { code?: number } } }[] = []
    wrongKey.connection.bind("error", (error: never) => void seen.push(error))
    await until(() => seen.some(({ error }) => error?.data?.code === 4001), "4001")
  })

  test("the library reads what it asked for", async () => {
    const client = await pusherJs("ann")
    await subscribed(client, "presence-read")
    const answer = await backEnd.trigger("presence-read", "e", {}, { info: "user_count" })
    expect(await answer.json()).toEqual({ channels: { "presence-read": { user_count: 1 } } })
    const users = await backEnd.get({ path: "/channels/presence-read/users" })
    expect(await users.json()).toEqual({ users: [{ id: "ann" }] })
    const list = await backEnd.get({
      path: "/channels",
      params: { filter_by_prefix: "presence-read", info: "user_count" },
    })
    expect(await list.json()).toEqual({ channels: { "presence-read": { user_count: 1 } } })
    const batch = await backEnd.triggerBatch([
      { channel: "a", name: "e", data: "1" },
      { channel: "b", name: "e", data: { b: 2 } },
    ])
    expect(await batch.json()).toEqual({})
  })
})

/** What Echo's channels do, as far as the test goes. */
interface EchoChannel {
  listen(event: string, heard: (data: { id: number }) => void): EchoChannel
  here(heard: (members: { name: string }[]) => void): EchoChannel
  joining(heard: (member: { name: string }) => void): EchoChannel
  leaving(heard: (member: { name: string }) => void): EchoChannel
  listenForWhisper(event: string, heard: (data: { who: string }) => void): EchoChannel
}

test("laravel-echo: channels, private, presence, whisper, toOthers, leave", async () => {
  const client = new PusherJs(APP.key, options("ann"))
  open.push(client)
  const echo = new Echo({
    broadcaster: "reverb",
    key: APP.key,
    client,
    withoutInterceptors: true,
  } as never) as never as {
    channel(name: string): EchoChannel
    private(name: string): EchoChannel
    join(name: string): EchoChannel
    leave(name: string): void
    socketId(): string
  }
  const events: string[] = []
  echo.channel("orders").listen("OrderShipped", ({ id }: { id: number }) => events.push(`shipped ${id}`))
  echo.private("orders.1").listen(".plain", ({ id }: { id: number }) => events.push(`plain ${id}`))
  echo
    .join("room")
    .here((members: { name: string }[]) => events.push(`here ${members.map(({ name }) => name)}`))
    .joining(({ name }: { name: string }) => events.push(`joining ${name}`))
    .leaving(({ name }: { name: string }) => events.push(`leaving ${name}`))
    .listenForWhisper("typing", ({ who }: { who: string }) => events.push(`typing ${who}`))
  await until(() => events.includes("here ann!"), "Echo is in the room")
  await until(
    async () => (await (await backEnd.get({ path: "/channels" })).json()).channels["private-orders.1"],
    "private",
  )
  const bob = await pusherJs("bob")
  const room = await subscribed(bob, "presence-room")
  await until(() => events.includes("joining bob!"), "joining")
  room.trigger("client-typing", { who: "bob" })
  await backEnd.trigger("orders", "App\\Events\\OrderShipped", { id: 5 })
  await backEnd.trigger("private-orders.1", "plain", { id: 6 }, { socket_id: echo.socketId() })
  await backEnd.trigger("private-orders.1", "plain", { id: 7 })
  await until(() => events.includes("plain 7"), "all events")
  bob.disconnect()
  await until(() => events.includes("leaving bob!"), "leaving")
  expect(events).toContain("typing bob")
  expect(events).toContain("shipped 5")
  expect(events).not.toContain("plain 6")
  echo.leave("room")
  await until(
    async () => !(await (await backEnd.get({ path: "/channels" })).json()).channels["presence-room"],
    "left the room",
  )
})

describe("all protocols share the channels of the app that shares", () => {
  test("Pusher's HTTP API reaches centrifuge and bare clients, and theirs reach pusher-js", async () => {
    const client = await pusherJs("ann")
    const channel = await subscribed(client, "shared")
    const [created, messages] = [heard(channel, "created"), heard(channel, "message")]
    const centrifuge = new Centrifuge(`${server.wsUrl}/connection/websocket`)
    open.push(centrifuge)
    const publications: { data: unknown; tags?: Record<string, string> }[] = []
    const subscription = centrifuge.newSubscription("shared")
    subscription.on("publication", ({ data, tags }) => void publications.push({ data, ...(tags ? { tags } : {}) }))
    subscription.subscribe()
    centrifuge.connect()
    await subscription.ready()
    await backEnd.trigger("shared", "created", { id: 1 })
    await until(() => publications.length === 1 && created.length === 1, "Pusher to both")
    expect(publications).toEqual([{ data: { id: 1 }, tags: { event: "created" } }])
    await server.api("publish", { channel: "shared", data: { id: 2 } })
    await until(() => publications.length === 2 && messages.length === 1, "the server API to both")
    expect(messages).toEqual([{ id: 2 }])
    expect(API_KEY).not.toBe("")
  })

  test("a bare WebSocket too, both ways", async () => {
    const own = await startServer({}, { channels: [{ pattern: "*", subscribe: "anyone", publish: "anyone" }] })
    const stock = await RawClient.connect(own)
    await stock.subscribe("bare")
    const bare = new WebSocket(`${own.wsUrl}/ws`)
    const lines: string[] = []
    bare.onmessage = ({ data }) => void lines.push(String(data))
    await until(() => bare.readyState === WebSocket.OPEN, "open")
    bare.send(JSON.stringify({ type: "subscribe", channel: "bare" }))
    await until(() => lines.some((line) => line.includes("bare")), "subscribed")
    await trigger(own, "bare", "created", '{"id":1}')
    await until(() => lines.some((line) => line.includes('{"id":1}')), `the event; got ${lines}`)
    await stock.next("created")
    const said = JSON.stringify({ type: "order", channel: "bare", id: 2 })
    bare.send(said)
    expect(await stock.next("message", "bare")).toMatchObject({ data: said })
    await own.stop()
  }, 60_000)

  test("a member of another protocol is a member here, under the name its token gives", async () => {
    const client = await pusherJs("ann")
    const room = (await subscribed(client, "presence-mixed")) as never as { members: { count: number } }
    const added = heard(room as never, "pusher:member_added")
    const removed = heard(room as never, "pusher:member_removed")
    const token = (claims: object) =>
      new SignJWT({ ...claims }).setProtectedHeader({ alg: "HS256" }).sign(new TextEncoder().encode(TOKEN_SECRET))
    const centrifuge = new Centrifuge(`${server.wsUrl}/connection/websocket`, { token: await token({ sub: "bob" }) })
    open.push(centrifuge)
    const subscription = centrifuge.newSubscription("presence-mixed", {
      token: await token({ sub: "bob", channel: "presence-mixed", info: { name: "Bob" } }),
    })
    subscription.subscribe()
    centrifuge.connect()
    await until(() => added.length === 1, "bob is added")
    expect(added).toEqual([{ id: "bob", info: { name: "Bob" } }])
    expect(
      Object.values((await subscription.presence()).clients)
        .map(({ user }) => user)
        .sort(),
    ).toEqual(["ann", "bob"])
    centrifuge.disconnect()
    await until(() => removed.length === 1, "bob is removed", 15_000)
  }, 60_000)

  test("nobody gets into a private channel by another protocol without a token", async () => {
    const centrifuge = new Centrifuge(`${server.wsUrl}/connection/websocket`)
    open.push(centrifuge)
    centrifuge.connect()
    await centrifuge.ready()
    for (const name of [
      "private-a",
      "presence-a",
      "private-cache-a",
      "#server-to-user-1",
      "app:2:news",
      "app:2:private-a",
    ]) {
      const subscription = centrifuge.newSubscription(name)
      const codes: number[] = []
      subscription.on("unsubscribed", ({ code }) => void codes.push(code))
      subscription.subscribe()
      await until(() => codes.length === 1, `${name} is refused`)
      expect(codes).toEqual([103])
      await expect(centrifuge.publish(name, {})).rejects.toMatchObject({ code: 103 })
      await expect(centrifuge.presence(name)).rejects.toMatchObject({ code: 103 })
    }
  })
})
