import { afterAll, beforeAll, expect, test } from "bun:test"
import { join } from "node:path"
import type { Browser, Page } from "playwright-core"
import type PusherServer from "pusher"
import { Cable } from "../../support/cable.ts"
import { openBrowser } from "../../support/chromium.ts"
import type { TestServer } from "../../support/server.ts"
import { until } from "../../support/until.ts"
import { APP, backEndOf, startServer } from "../support.ts"

/** The builds for browsers as published, on a page of another origin with that site's own auth endpoint. */
const MODULES = join(import.meta.dirname, "../../../../node_modules")
const MASTER_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
const HTML = { "Content-Type": "text/html" }
const SCRIPT = { "Content-Type": "text/javascript" }

let server: TestServer
let cable: Cable
let site: ReturnType<typeof Bun.serve>
let browser: Browser
let page: Page
let backEnd: PusherServer

beforeAll(async () => {
  server = await startServer(
    {},
    {
      channels: [
        { pattern: "private-log", history_size: 100 },
        { pattern: "*", subscribe: "anyone" },
      ],
    },
  )
  cable = await Cable.to(server.port)
  backEnd = backEndOf(server, APP, { encryptionMasterKeyBase64: MASTER_KEY })
  const connector = await Bun.build({
    entrypoints: [join(import.meta.dirname, "../../../../echo/src/index.ts")],
    format: "esm",
  })
  const connectorText = (await connector.outputs[0]?.text()) ?? ""
  site = Bun.serve({
    port: 0,
    routes: {
      "/": () =>
        new Response(
          `<!doctype html><script src="/pusher.js"></script>
           <script type="module">import Echo from "/echo.js"; import { recovering } from "/connector.js"; Object.assign(window, { Echo, recovering })</script>`,
          { headers: HTML },
        ),
      "/pusher.js": new Response(Bun.file(join(MODULES, "pusher-js/dist/web/pusher-with-encryption.min.js")), {
        headers: SCRIPT,
      }),
      "/echo.js": new Response(Bun.file(join(MODULES, "laravel-echo/dist/echo.js")), { headers: SCRIPT }),
      "/connector.js": () => new Response(connectorText, { headers: SCRIPT }),
      "/broadcasting/auth": async (request) => {
        const form = await request.formData()
        const channel = String(form.get("channel_name"))
        const member = channel.startsWith("presence-") ? { user_id: "ann", user_info: { name: "Ann" } } : undefined
        return Response.json(backEnd.authorizeChannel(String(form.get("socket_id")), channel, member))
      },
    },
  })
  browser = await openBrowser()
  page = await browser.newPage()
  await page.goto(site.url.href)
  await page.waitForFunction("window.recovering")
}, 60_000)

afterAll(async () => {
  await browser?.close()
  site?.stop(true)
  cable?.remove()
  await server?.stop()
})

/** What pages do, run in the page: its globals are those of the scripts above. */
interface PageGlobals {
  Pusher: unknown
  Echo: new (options: object) => EchoLike
  recovering(base: unknown): unknown
  echo: EchoLike
  pusher: PusherLike
  events: string[]
}
interface PusherLike {
  subscribe(name: string): { bind(event: string, heard: (data: { n: number }) => void): void }
  channel(name: string): { trigger(event: string, data: object): void }
  connection: { socket_id: string }
  disconnect(): void
}
interface EchoLike {
  channel(name: string): ChannelLike
  private(name: string): ChannelLike
  encryptedPrivate(name: string): ChannelLike
  join(name: string): ChannelLike
  disconnect(): void
  socketId(): string
}
interface ChannelLike {
  listen(event: string, heard: (data: { n: number }) => void): ChannelLike
  here(heard: (members: { name: string }[]) => void): ChannelLike
}

/** Makes `window.echo` as a Laravel page does. */
const openEcho = (withConnector: boolean) =>
  page.evaluate(
    ({ key, port, withConnector }) => {
      const page = globalThis as never as PageGlobals
      page.echo?.disconnect()
      page.events = []
      page.echo = new page.Echo({
        broadcaster: "reverb",
        key,
        wsHost: "127.0.0.1",
        wsPort: port,
        wssPort: port,
        forceTLS: false,
        enabledTransports: ["ws", "wss"],
        Pusher: withConnector ? page.recovering(page.Pusher) : page.Pusher,
        withoutInterceptors: true,
      })
    },
    { key: APP.key, port: cable.port, withConnector },
  )

const events = () => page.evaluate(() => (globalThis as never as PageGlobals).events)
const sees = (event: string) => until(async () => (await events()).includes(event), `${event} in the page`, 20_000)
const isOccupied = (channel: string) =>
  until(
    async () => (await (await backEnd.get({ path: `/channels/${channel}` })).json()).occupied,
    `${channel} is occupied`,
  )

test("Echo and pusher-js in Chromium, on a page of another origin: public, private, encrypted, presence", async () => {
  await openEcho(false)
  await page.evaluate(() => {
    const { echo, events } = globalThis as never as PageGlobals
    echo.channel("news").listen(".n", ({ n }) => events.push(`news ${n}`))
    echo.private("orders").listen(".n", ({ n }) => events.push(`orders ${n}`))
    echo.encryptedPrivate("safe").listen(".n", ({ n }) => events.push(`safe ${n}`))
    echo.join("room").here((members) => events.push(`here ${members.map(({ name }) => name)}`))
  })
  for (const channel of ["news", "private-orders", "private-encrypted-safe"]) {
    await isOccupied(channel)
    await backEnd.trigger(channel, "n", { n: 1 })
  }
  for (const event of ["news 1", "orders 1", "safe 1", "here Ann"]) await sees(event)
}, 60_000)

test("where no WebSocket gets through: the same over streamed HTTP", async () => {
  await page.evaluate(
    ({ key, port }) => {
      const page = globalThis as never as PageGlobals
      page.events = []
      page.echo.disconnect()
      const Pusher = page.Pusher as new (key: string, options: object) => PusherLike
      const pusher = new Pusher(key, {
        cluster: "",
        httpHost: "127.0.0.1",
        httpPort: port,
        httpsPort: port,
        forceTLS: false,
        enabledTransports: ["xhr_streaming"],
        channelAuthorization: { endpoint: "/broadcasting/auth" },
      })
      page.pusher = pusher
      const room = pusher.subscribe("presence-streamed")
      room.bind("n", ({ n }) => page.events.push(`n ${n}`))
      room.bind("client-n", ({ n }) => page.events.push(`whisper ${n}`))
    },
    { key: APP.key, port: cable.port },
  )
  await isOccupied("presence-streamed")
  await page.evaluate(() =>
    (globalThis as never as PageGlobals).pusher.channel("presence-streamed").trigger("client-n", { n: 1 }),
  )
  const socketId = await page.evaluate(() => (globalThis as never as PageGlobals).pusher.connection.socket_id)
  await backEnd.trigger("presence-streamed", "n", { n: 1 }, { socket_id: socketId })
  await backEnd.trigger("presence-streamed", "n", { n: 2 })
  await sees("n 2")
  expect(await events()).toEqual(["n 2"])
  await page.evaluate(() => (globalThis as never as PageGlobals).pusher.disconnect())
  await until(
    async () => !(await (await backEnd.get({ path: "/channels/presence-streamed" })).json()).occupied,
    "the stream's end is noticed",
  )
}, 60_000)

test("the connector in Chromium: what was missed comes once, in order", async () => {
  await openEcho(true)
  await page.evaluate(() => {
    const { echo, events } = globalThis as never as PageGlobals
    echo.private("log").listen(".n", ({ n }) => events.push(`${n}`))
  })
  await isOccupied("private-log")
  await backEnd.trigger("private-log", "n", { n: 1 })
  await sees("1")
  const before = await page.evaluate(() => (globalThis as never as PageGlobals).echo.socketId())
  cable.pull()
  for (const n of [2, 3, 4]) await backEnd.trigger("private-log", "n", { n }, n === 3 ? { socket_id: before } : {})
  await sees("4")
  await backEnd.trigger("private-log", "n", { n: 5 })
  await sees("5")
  expect(await events()).toEqual(["1", "2", "4", "5"])
}, 60_000)
