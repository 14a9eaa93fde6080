import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { UnauthorizedError } from "centrifuge"
import WebSocket from "ws"
import type { SessionAnswer } from "../../src/chat/contract.ts"
import { TestServer } from "../support/server.ts"
import { ABOUT_A_SECOND_MS, until } from "../support/until.ts"
import { browser } from "./browser.ts"
import { type Service, startRedis } from "./services.ts"
import { Visitor } from "./site.ts"

let redis: Service
let server: TestServer
beforeAll(async () => {
  redis = await startRedis("--notify-keyspace-events", "Kgx$")
  server = await TestServer.start({
    env: {
      SKEIN_SESSIONS_FRAMEWORK: "php",
      SKEIN_SESSIONS_STORE: "redis",
      SKEIN_SESSIONS_TIMEOUT: "10s",
      SKEIN_SESSIONS_REDIS_URLS: `tcp://127.0.0.1:${redis.port}`,
      SKEIN_AUTH_ALLOW_ANONYMOUS: "false",
    },
  })
}, 60_000)
afterAll(async () => {
  await server?.stop()
  await redis?.stop()
})

function visitor(): Visitor {
  return new Visitor({ "session.save_handler": "redis", "session.save_path": `tcp://127.0.0.1:${redis.port}` })
}

describe("a browser with the cookie of a PHP site", () => {
  test("is the member, with the name others see, until PHP logs out; within a second after that it is not signed in", async () => {
    const member = visitor()
    await member.login("42")
    const { client, seen } = browser(server, member)
    client.connect()
    await until(() => seen.connected === 1, "connected")
    const subscription = client.newSubscription("open:hall")
    subscription.subscribe()
    await subscription.ready(10_000)
    const { clients: present } = await subscription.presence()
    expect(Object.values(present)).toMatchObject([
      { user: "42", connInfo: { name: "张伟 42", avatar: "/avatars/42.png" } },
    ])

    await member.visit("do=logout")
    const loggedOutAtMs = performance.now()
    await until(() => seen.codes.includes(3005), "closed as expired")
    expect(performance.now() - loggedOutAtMs).toBeLessThan(ABOUT_A_SECOND_MS)
    await until(() => client.state === "disconnected", "refused, as nobody is there any more")
  }, 60_000)

  test("whose session gets a new id comes back as the same member by itself", async () => {
    const member = visitor()
    await member.login("43")
    const { client, seen } = browser(server, member)
    client.connect()
    await until(() => seen.connected === 1, "connected")
    await member.visit("do=renew")
    await until(() => seen.connected === 2, "connected again")
  }, 60_000)

  test("a visitor who is not logged in there is not signed in", async () => {
    const guest = visitor()
    await guest.visit("do=look")
    const { client } = browser(server, guest)
    client.connect()
    await until(() => client.state === "disconnected", "refused")
  }, 60_000)
})

test("a bare WebSocket is the member too, and is closed when PHP logs out", async () => {
  const member = visitor()
  await member.login("61")
  const socket = new WebSocket(`${server.wsUrl}/ws`, { headers: { cookie: member.cookie } })
  let code: number | undefined
  socket.on("close", (closed) => {
    code = closed
  })
  await new Promise((resolve) => socket.once("open", resolve))
  await member.visit("do=logout")
  await until(() => code === 3005, "closed as expired")
}, 60_000)

/** What the page of the chat does: asks who it is, and again whenever its token is no longer good. */
function chatPage(of: { readonly cookie: string }, at = server) {
  const session = async () =>
    (await (await fetch(`${at.url}/chat/session`, { headers: { cookie: of.cookie } })).json()) as SessionAnswer
  const getToken = async () => {
    const { token } = await session()
    if (token === undefined) throw new UnauthorizedError("signed out")
    return token
  }
  return { session, ...browser(at, { cookie: "" }, { getToken }) }
}

describe("the page of the chat", () => {
  test("is signed in as the site's member, and out within a second when PHP logs out", async () => {
    const member = visitor()
    const { session, client, seen } = chatPage(member)
    expect((await session()).user).toBeNull()
    await member.login("52")
    expect((await session()).user).toMatchObject({ id: "52", name: "张伟 52", avatar: "/avatars/52.png" })
    client.connect()
    await until(() => seen.connected === 1, "connected")
    const { data } = await client.rpc("chat.hello", {})
    expect(data.user).toMatchObject({ id: "52" })

    await member.visit("do=logout")
    const loggedOutAtMs = performance.now()
    await until(() => seen.codes.includes(3005), "closed as expired")
    expect(performance.now() - loggedOutAtMs).toBeLessThan(ABOUT_A_SECOND_MS)
    await until(() => client.state === "disconnected", "stopped: its token opens nothing any more")
    expect(seen.connected).toBe(1)
    expect((await session()).user).toBeNull()
  }, 60_000)

  test("goes on under a new id of the session, and becomes the next person within the same", async () => {
    const member = visitor()
    await member.login("53")
    const { client, seen } = chatPage(member)
    client.connect()
    await until(() => seen.connected === 1, "connected")
    await member.visit("do=renew")
    await until(() => seen.connected === 2, "connected again")
    await member.visit("do=login&user=54")
    await until(() => seen.connected === 3, "connected as the next")
    expect((await client.rpc("chat.hello", {})).data.user).toMatchObject({ id: "54" })
  }, 60_000)

  test("is still out within a second when PHP logs out after the server was killed and came back", async () => {
    const own = await TestServer.start({
      env: {
        SKEIN_SESSIONS_FRAMEWORK: "php",
        SKEIN_SESSIONS_STORE: "redis",
        SKEIN_SESSIONS_TIMEOUT: "10s",
        SKEIN_SESSIONS_REDIS_URLS: `tcp://127.0.0.1:${redis.port}`,
        SKEIN_AUTH_ALLOW_ANONYMOUS: "false",
      },
    })
    const member = visitor()
    await member.login("56")
    const { client, seen } = chatPage(member, own)
    client.connect()
    await until(() => seen.connected === 1, "connected")
    await own.kill()
    await own.begin()
    await until(() => seen.connected === 2, "connected again, with a token that the new process has asked the site for")

    await member.visit("do=logout")
    const loggedOutAtMs = performance.now()
    await until(() => seen.codes.includes(3005), "closed as expired")
    expect(performance.now() - loggedOutAtMs).toBeLessThan(ABOUT_A_SECOND_MS)
    await until(() => client.state === "disconnected", "signed out")
    await own.stop()
  }, 60_000)

  test("asks for a guest's name when nobody is signed in at the site; a member is not that guest", async () => {
    const member = visitor()
    await member.visit("do=look")
    const entered = await fetch(`${server.url}/chat/session`, {
      method: "POST",
      headers: { "content-type": "application/json", cookie: member.cookie },
      body: JSON.stringify({ name: "游客甲" }),
    })
    const guestCookie = entered.headers.get("set-cookie")?.split(";", 1)[0]
    await member.login("55")
    const both = chatPage({ cookie: `${guestCookie}; ${member.cookie}` })
    expect((await both.session()).user).toMatchObject({ id: "55" })
    const rest = await fetch(`${server.url}/chat/v1/hello`, { headers: { cookie: `${guestCookie}; ${member.cookie}` } })
    expect(await rest.json()).toMatchObject({ user: { id: "55" } })
  }, 60_000)
})
