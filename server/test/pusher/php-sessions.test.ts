import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import Echo from "laravel-echo"
import type { Browser } from "playwright-core"
import type PusherServer from "pusher"
import PusherJs from "pusher-js"
import { Visitor } from "../php-sessions/site.ts"
import { openBrowser } from "../support/chromium.ts"
import type { TestServer } from "../support/server.ts"
import { ABOUT_A_SECOND_MS, until } from "../support/until.ts"
import { APP, backEndOf, hmac, OTHER_APP, RawClient, startServer } from "./support.ts"

/** A shop whose PHP sessions are files, and a club that is asked by HTTP; each has an app. No page of them signs anything. */
const SHOP = APP
const CLUB = OTHER_APP
const PUSHER_JS = join(import.meta.dirname, "../../../node_modules/pusher-js/dist/web/pusher.min.js")

let folder: string
let club: ReturnType<typeof Bun.serve>
/** Adds to requests what a browser adds by itself, and no script can: the cookie of the visitor whose number begins the path. */
let cookies: ReturnType<typeof Bun.serve>
const browsers: { readonly cookie: string }[] = []
let server: TestServer
let backEnd: PusherServer
let chrome: Browser | undefined
const open: { disconnect(): void }[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "skein-pusher-sessions-"))
  club = Bun.serve({
    port: 0,
    fetch: ({ headers }) => {
      const id = /club=(\w+)/.exec(headers.get("cookie") ?? "")?.[1]
      return Response.json(id === undefined ? { id: null } : { id, name: `Club ${id}`, session: `club-session-${id}` })
    },
  })
  server = await startServer(
    {},
    {
      otherApp: { site: "club", origins: ["https://club.example"] },
      channels: [
        { pattern: "private-news.*", subscribe: "user" },
        { pattern: "presence-hall", subscribe: "user", presence: true, join_leave: true },
        { pattern: "*", subscribe: "anyone" },
      ],
      env: {
        SKEIN_SESSIONS_FRAMEWORK: "php",
        SKEIN_SESSIONS_STORE: "files",
        SKEIN_SESSIONS_FOLDER: folder,
        SKEIN_SITES: JSON.stringify([{ name: "club", callback_url: club.url.href, callback_cookies: ["club"] }]),
      },
    },
  )
  cookies = Bun.serve({
    port: 0,
    fetch: async (request) => {
      const { pathname, search } = new URL(request.url)
      const [, number = "", path = ""] = /^\/(\d+)(\/.*)$/.exec(pathname) ?? []
      const { cookie = "" } = browsers[Number(number)] ?? {}
      const headers = { "content-type": request.headers.get("content-type") ?? "", cookie }
      return fetch(`${server.url}${path}${search}`, { method: request.method, headers, body: await request.text() })
    },
  })
  backEnd = backEndOf(server, SHOP)
}, 60_000)
afterEach(() => {
  for (const client of open.splice(0)) client.disconnect()
})
afterAll(async () => {
  await chrome?.close()
  club?.stop(true)
  cookies?.stop(true)
  await server?.stop()
  await rm(folder, { recursive: true, force: true })
})

async function visitor(user: string): Promise<Visitor> {
  const visitor = new Visitor({ "session.save_handler": "files", "session.save_path": folder })
  await visitor.login(user)
  return visitor
}

const options = (visitor: { readonly cookie: string }, app = SHOP) => {
  const browser = browsers.push(visitor) - 1
  const endpoint = (name: string) => ({
    endpoint: `${cookies.url}${browser}/pusher/${name}?key=${app.key}`,
    transport: "ajax" as const,
  })
  return {
    cluster: "",
    wsHost: "127.0.0.1",
    wsPort: server.port,
    wssPort: server.port,
    forceTLS: false,
    enabledTransports: ["ws" as const],
    channelAuthorization: endpoint("auth"),
    userAuthentication: endpoint("user-auth"),
  }
}

async function pusherJs(visitor: { readonly cookie: string }, app = SHOP): Promise<PusherJs> {
  const client = new PusherJs(app.key, options(visitor, app))
  open.push(client)
  await until(() => client.connection.state === "connected", "pusher-js connects")
  return client
}

/** What became of a subscription. */
function outcome(client: PusherJs, name: string): Promise<string> {
  const channel = client.subscribe(name)
  return new Promise((resolve) => {
    channel.bind("pusher:subscription_succeeded", () => resolve("subscribed"))
    channel.bind("pusher:subscription_error", ({ status }: { status: number }) => resolve(`refused ${status}`))
  })
}

const ask = (path: string, form: Record<string, string>, headers: Record<string, string> = {}, method = "POST") =>
  fetch(`${server.url}/pusher/${path}`, {
    method,
    headers,
    ...(method === "POST" ? { body: new URLSearchParams({ socket_id: "1234.5678", ...form }) } : {}),
  })

describe("unmodified pusher-js on a page of the site", () => {
  test("signs in as whom the PHP session says, and hears what is sent to that user", async () => {
    const client = await pusherJs(await visitor("42"))
    client.signin()
    await until(() => client.user.user_data !== null, "signed in")
    expect(client.user.user_data).toMatchObject({ id: "42", user_info: { name: "张伟 42", avatar: "/avatars/42.png" } })
    const heard: unknown[] = []
    client.user.bind("order", (data: unknown) => void heard.push(data))
    await until(async () => {
      await backEnd.sendToUser("42", "order", { n: 1 })
      return heard.length > 0
    }, "an event to the user")
    expect(heard[0]).toEqual({ n: 1 })
  }, 60_000)

  test("opens the user's own channels and those the configuration opens for users, and no others", async () => {
    const client = await pusherJs(await visitor("42"))
    const wanted = ["private-user.42", "private-App.Models.User.42", "private-news.sport", "presence-hall", "public"]
    for (const name of wanted) expect([name, await outcome(client, name)]).toEqual([name, "subscribed"])
    const others = ["private-user.43", "private-user.4", "private-user.42.x", "private-orders", "presence-user.42"]
    for (const name of others) expect([name, await outcome(client, name)]).toEqual([name, "refused 403"])
  }, 60_000)

  test("is a member of presence channels with the session's name and picture, and no more than that", async () => {
    const first = await pusherJs(await visitor("51"))
    const second = await pusherJs(await visitor("52"))
    await outcome(first, "presence-hall")
    const added: unknown[] = []
    first.channel("presence-hall").bind("pusher:member_added", (member: unknown) => void added.push(member))
    expect(await outcome(second, "presence-hall")).toBe("subscribed")
    await until(() => added.length > 0, "52 is announced")
    expect(added).toEqual([{ id: "52", info: { name: "张伟 52", avatar: "/avatars/52.png" } }])
  }, 60_000)

  test("is closed within a second when PHP logs out, whether it signed in or only subscribed, and is not signed in when it comes back", async () => {
    const member = await visitor("44")
    const signedIn = await pusherJs(member)
    signedIn.signin()
    await until(() => signedIn.user.user_data !== null, "signed in")
    const subscriber = await pusherJs(member)
    expect(await outcome(subscriber, "private-user.44")).toBe("subscribed")
    const stranger = await pusherJs({ cookie: "" })
    const ids = [signedIn, subscriber, stranger].map(({ connection }) => connection.socket_id)
    const refused: number[] = []
    subscriber
      .channel("private-user.44")
      .bind("pusher:subscription_error", ({ status }: { status: number }) => void refused.push(status))
    await member.visit("do=logout")
    const loggedOutAtMs = performance.now()
    const cutAfterMs = new Map<PusherJs, number>()
    for (const client of [signedIn, subscriber])
      client.connection.bind("state_change", () => {
        if (!cutAfterMs.has(client)) cutAfterMs.set(client, performance.now() - loggedOutAtMs)
      })
    const isAnew = (client: PusherJs, n: number) =>
      client.connection.state === "connected" && client.connection.socket_id !== ids[n]
    await until(() => isAnew(signedIn, 0) && isAnew(subscriber, 1), "both began anew")
    expect(Math.max(...cutAfterMs.values())).toBeLessThan(ABOUT_A_SECOND_MS)
    await until(() => refused.length > 0, "the channel is closed to nobody")
    expect(refused).toEqual([403])
    expect(stranger.connection.socket_id).toBe(ids[2] as string)
  }, 60_000)

  test("begins anew when somebody else logs in at the site: nothing of the former is left on the socket", async () => {
    const here = await visitor("45")
    const client = await pusherJs(here)
    expect(await outcome(client, "private-user.45")).toBe("subscribed")
    const before = client.connection.socket_id
    // Another person in the same browser; the first session is still alive on the server.
    here.cookie = (await visitor("46")).cookie
    client.subscribe("private-user.46")
    await until(() => client.connection.socket_id !== before && client.channel("private-user.46").subscribed, "anew")
    expect(client.channel("private-user.45").subscribed).toBe(false)
  }, 60_000)

  test("Laravel Echo too", async () => {
    const browser = browsers.push(await visitor("47")) - 1
    const echo = new Echo({
      broadcaster: "reverb",
      key: SHOP.key,
      wsHost: "127.0.0.1",
      wsPort: server.port,
      wssPort: server.port,
      forceTLS: false,
      enabledTransports: ["ws"],
      authEndpoint: `${cookies.url}${browser}/pusher/auth?key=${SHOP.key}`,
      Pusher: PusherJs,
      withoutInterceptors: true,
    })
    open.push(echo)
    const heard: unknown[] = []
    let isIn = false
    echo
      .private("App.Models.User.47")
      .subscribed(() => {
        isIn = true
      })
      .listen(".order", (data: unknown) => heard.push(data))
    await until(() => isIn, "subscribed")
    await backEnd.trigger("private-App.Models.User.47", "order", { n: 2 })
    await until(() => heard.length > 0, "heard")
    expect(heard).toEqual([{ n: 2 }])
  }, 60_000)
})

test("in Chromium, on a page of another host, with the handler of the guide", async () => {
  const member = await visitor("49")
  const [name = "", value = ""] = member.cookie.split("=")
  chrome ??= await openBrowser()
  const context = await chrome.newContext()
  await context.addCookies([{ name, value, url: server.url, httpOnly: true, sameSite: "Lax" }])
  const page = await context.newPage()
  // The club's own site is another origin.
  await page.goto(club.url.href.replace("localhost", "127.0.0.1"))
  await page.addScriptTag({ path: PUSHER_JS })
  const seen = await page.evaluate(
    ({ key, port, skein }) =>
      new Promise((resolve) => {
        const { Pusher } = globalThis as never as { Pusher: typeof PusherJs }
        type Done = (error: Error | null, answer: never) => void
        const asking =
          (address: string) =>
          async ({ socketId, channelName = "" }: { socketId: string; channelName?: string }, done: Done) => {
            const body = new URLSearchParams({ socket_id: socketId, channel_name: channelName })
            const response = await fetch(address, { method: "POST", credentials: "include", body })
            if (response.ok) done(null, (await response.json()) as never)
            else done(new Error(await response.text()), null as never)
          }
        const client = new Pusher(key, {
          cluster: "",
          wsHost: "127.0.0.1",
          wsPort: port,
          forceTLS: false,
          enabledTransports: ["ws"],
          channelAuthorization: { customHandler: asking(`${skein}/pusher/auth?key=${key}`) } as never,
          userAuthentication: { customHandler: asking(`${skein}/pusher/user-auth?key=${key}`) } as never,
        })
        client.signin()
        const channel = client.subscribe("private-user.49")
        channel.bind("pusher:subscription_succeeded", () =>
          client.user.signinDonePromise?.then(() => resolve(client.user.user_data)),
        )
        channel.bind("pusher:subscription_error", resolve)
      }),
    { key: SHOP.key, port: server.port, skein: server.url },
  )
  expect(seen).toMatchObject({ id: "49" })
}, 60_000)

test("in Chromium, where Skein is under the site's own address, with nothing but the browser's cookie", async () => {
  const member = await visitor("48")
  const [name = "", value = ""] = member.cookie.split("=")
  chrome ??= await openBrowser()
  const context = await chrome.newContext({ bypassCSP: true })
  await context.addCookies([{ name, value, url: server.url, httpOnly: true, sameSite: "Lax" }])
  const page = await context.newPage()
  await page.goto(`${server.url}/health`)
  await page.addScriptTag({ path: PUSHER_JS })
  const seen = await page.evaluate(
    ({ key, port }) =>
      new Promise((resolve) => {
        const { Pusher } = globalThis as never as { Pusher: typeof PusherJs }
        // The endpoints are pusher-js's own defaults: /pusher/auth and /pusher/user-auth.
        const client = new Pusher(key, {
          cluster: "",
          wsHost: "127.0.0.1",
          wsPort: port,
          forceTLS: false,
          enabledTransports: ["ws"],
          channelAuthorization: { endpoint: `/pusher/auth?key=${key}`, transport: "ajax" },
          userAuthentication: { endpoint: `/pusher/user-auth?key=${key}`, transport: "ajax" },
        })
        client.signin()
        const channel = client.subscribe("private-user.48")
        channel.bind("pusher:subscription_succeeded", () =>
          client.user.signinDonePromise?.then(() => resolve(client.user.user_data)),
        )
        channel.bind("pusher:subscription_error", resolve)
      }),
    { key: SHOP.key, port: server.port },
  )
  expect(seen).toMatchObject({ id: "48", user_info: { name: "张伟 48" } })
}, 60_000)

describe("several apps", () => {
  test("know their users by their own sites, and each signs with its own secret", async () => {
    const form = { channel_name: "private-user.ann" }
    const headers = { cookie: "club=ann", origin: "https://club.example" }
    const answer = (await (await ask(`auth?key=${CLUB.key}`, form, headers)).json()) as Record<string, string>
    const text = `1234.5678:private-user.ann:${answer.channel_data}`
    expect(answer.auth).toBe(`${CLUB.key}:${hmac(CLUB.secret, text)}`)
    expect((await ask(`auth?key=${SHOP.key}`, form, headers)).status).toBe(403)
    const member = await visitor("42")
    const shop = { channel_name: "private-user.42" }
    expect((await ask(`auth?key=${CLUB.key}`, shop, { cookie: member.cookie })).status).toBe(403)
  })

  test("are told apart by the key in the address", async () => {
    const unclear = await ask("auth", { channel_name: "private-user.ann" }, { cookie: "club=ann" })
    expect([unclear.status, await unclear.text()]).toEqual([400, expect.stringContaining("?key=")])
    expect((await ask("auth?key=no-such-key", {})).status).toBe(404)
  })

  test("a logout told by the back end closes the club's connection", async () => {
    const client = await RawClient.connect(server, { app: CLUB })
    const signed = await ask(`user-auth?key=${CLUB.key}`, { socket_id: client.socketId }, { cookie: "club=bob" })
    client.sendEvent("pusher:signin", await signed.json())
    await client.next("pusher:signin_success")
    const told = await fetch(`${server.url}/api/disconnect`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": "test-api-key-0123456789" },
      body: JSON.stringify({ session: "club-session-bob" }),
    })
    expect(told.status).toBe(200)
    expect((await client.closing()).code).toBe(4009)
  })
})

describe("a connection that a back end lets in for a login", () => {
  const disconnect = (whom: object) =>
    fetch(`${server.url}/api/disconnect`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": "test-api-key-0123456789" },
      body: JSON.stringify(whom),
    })

  test("is that user's, so that a ban closes it, though it never signed in", async () => {
    const client = await RawClient.connect(server)
    const other = await RawClient.connect(server)
    await client.subscribe("private-orders.42", { user_id: "71", skein_session: "laptop of 71" })
    await other.subscribe("private-orders.42", { user_id: "71" })
    expect((await disconnect({ user: "71" })).status).toBe(200)
    expect((await client.closing()).code).toBe(4009)
    // Without the login the data says who a member is, and nothing about the connection: so it is at Pusher.
    await other.settled()
    expect(other.closed).toBeUndefined()
  })

  test("takes another name of it, as the site and /pusher/auth may use in one page, and ends with that", async () => {
    const client = await RawClient.connect(server)
    await client.subscribe("private-orders.42", { user_id: "73", skein_session: "session of 73" })
    await client.subscribe("private-orders.43", { user_id: "73", skein_session: "login of 73" })
    await client.signIn({ id: "73", skein_session: "session of 73" })
    await client.subscribe("private-orders.44", { user_id: "73", skein_session: "login of 73" })
    expect((await disconnect({ session: "login of 73" })).status).toBe(200)
    expect((await client.closing()).code).toBe(4009)
  })

  test("begins anew with a login that is not surely the same user's", async () => {
    for (const other of [{ user_id: "75" }, {}]) {
      const client = await RawClient.connect(server)
      await client.subscribe("private-orders.42", { user_id: "74", skein_session: "login of 74" })
      const channelData = JSON.stringify({ ...other, skein_session: "another login" })
      const auth = client.sign("private-orders.43", channelData)
      client.sendEvent("pusher:subscribe", { channel: "private-orders.43", auth, channel_data: channelData })
      expect((await client.closing()).code).toBe(4200)
    }
  })

  test("still ends with it after signing in with what says nothing of a login", async () => {
    const client = await RawClient.connect(server)
    await client.subscribe("private-orders.42", { user_id: "72", skein_session: "laptop of 72" })
    await client.signIn({ id: "72" })
    expect((await disconnect({ session: "laptop of 72" })).status).toBe(200)
    expect((await client.closing()).code).toBe(4009)
  })
})

describe("signatures are refused", () => {
  test("to pages of other origins, whatever cookies come along", async () => {
    const { cookie } = await visitor("42")
    const form = { channel_name: "private-user.42" }
    const foreign = await ask(`auth?key=${SHOP.key}`, form, { cookie, origin: "https://evil.example" })
    expect(foreign.status).toBe(403)
    expect(foreign.headers.get("access-control-allow-origin")).toBeNull()
    expect(await foreign.text()).toContain("server.origins")
    const own = await ask(`auth?key=${SHOP.key}`, form, { cookie, origin: server.url })
    expect([own.status, own.headers.get("access-control-allow-credentials")]).toEqual([200, "true"])
    // The club's pages may use the club's cookies, and not the shop's.
    const club = { origin: "https://club.example" }
    expect((await ask(`auth?key=${SHOP.key}`, form, { cookie, ...club })).status).toBe(403)
    const asked = { ...club, "access-control-request-headers": "x-csrf-token" }
    const preflight = await ask(`auth?key=${CLUB.key}`, {}, asked, "OPTIONS")
    expect([preflight.status, preflight.headers.get("access-control-allow-origin")]).toEqual([204, club.origin])
    expect(preflight.headers.get("access-control-allow-headers")).toBe("x-csrf-token")
    const evil = await ask(`auth?key=${CLUB.key}`, {}, { origin: "https://evil.example" }, "OPTIONS")
    expect([evil.status, evil.headers.get("access-control-allow-origin")]).toEqual([403, null])
  })

  test("to nobody, for what has no signature, and for what only a back end can give", async () => {
    const { cookie } = await visitor("42")
    const attempt = async (channel: string, headers: Record<string, string> = { cookie }) =>
      (await ask(`auth?key=${SHOP.key}`, { channel_name: channel }, headers)).status
    expect(await attempt("private-user.42", {})).toBe(403)
    expect(await attempt("private-user.42", { cookie: "PHPSESSID=nobody0000000000000000000" })).toBe(403)
    expect(await attempt("public")).toBe(400)
    expect(await attempt("#server-to-user-42")).toBe(400)
    expect(await attempt("private-encrypted-user.42")).toBe(403)
    expect(await attempt("private-user.42:x")).toBe(400)
    expect(await attempt("")).toBe(400)
    const socketless = await ask(`user-auth?key=${SHOP.key}`, { socket_id: "1234.5678:private-x" }, { cookie })
    expect(socketless.status).toBe(400)
    const huge = await ask(`user-auth?key=${SHOP.key}`, { more: "x".repeat(10_000) }, { cookie })
    expect(huge.status).toBe(413)
  })

  test("when they were asked for long before they are used: the login may be over", async () => {
    const client = await RawClient.connect(server)
    const subscribe = (until: number) => {
      const channelData = JSON.stringify({ user_id: "42", skein_session: "of-42", skein_until: until })
      const auth = client.sign("private-user.42", channelData)
      client.sendEvent("pusher:subscribe", { channel: "private-user.42", auth, channel_data: channelData })
    }
    subscribe(Date.now() - 1)
    expect((await client.error()).message).toContain("too long ago")
    subscribe(Date.now() + 5_000)
    await client.next("pusher_internal:subscription_succeeded", "private-user.42")
    const { cookie } = await visitor("42")
    const signed = await ask(`auth?key=${SHOP.key}`, { channel_name: "private-user.42" }, { cookie })
    const { channel_data } = (await signed.json()) as { channel_data: string }
    expect(JSON.parse(channel_data).skein_until).toBeWithin(Date.now(), Date.now() + 10_000)
  })
})
