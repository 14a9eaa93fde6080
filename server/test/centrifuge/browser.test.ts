import { afterAll, beforeAll, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { Browser, Page } from "playwright-core"
import { openBrowser } from "../support/chromium.ts"
import type { TestServer } from "../support/server.ts"
import { startServer, WAYS } from "./support.ts"

/** The bundle for browsers, as published, on a page of another origin: what a shop's page does. */

const DIST = join(import.meta.dir, "../../../node_modules/centrifuge/dist")
/** A page that is not of this machine, for all the browser knows: in development loopback origins are let in. */
const STRANGER = "stranger.example"
const SCRIPTS: Readonly<Record<string, string>> = {
  "/json.js": readFileSync(join(DIST, "centrifuge.js"), "utf8"),
  "/protobuf.js": readFileSync(join(DIST, "centrifuge.protobuf.js"), "utf8"),
}

let server: TestServer
let browser: Browser
let site: ReturnType<typeof Bun.serve>

const serveSite = () =>
  Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => {
      const script = SCRIPTS[new URL(request.url).pathname]
      if (script !== undefined) return new Response(script, { headers: { "Content-Type": "text/javascript" } })
      return new Response("<!doctype html><title>shop</title>", { headers: { "Content-Type": "text/html" } })
    },
  })

beforeAll(async () => {
  site = serveSite()
  server = await startServer({ SKEIN_SERVER_ORIGINS: `http://127.0.0.1:${site.port}` })
  browser = await openBrowser(STRANGER)
}, 60_000)
afterAll(async () => {
  await browser?.close()
  await server?.stop()
  await site?.stop(true)
})

interface Plan {
  readonly transport: string
  readonly endpoint: string
  readonly emulation: string
  readonly protobuf: boolean
  readonly channel: string
}

/** Runs in the page: talks through the real SDK and tells what happened. */
async function talk(plan: Plan) {
  type Context = { data: unknown; transport: string; recovered: boolean; code: number }
  type Emitter = { on(event: string, listener: (context: Context) => void): void }
  type Sub = Emitter & { subscribe(): void; ready(ms: number): Promise<void>; publish(data: unknown): Promise<void> }
  type Client = Emitter & { newSubscription(channel: string): Sub; connect(): void; disconnect(): void }
  const { Centrifuge } = globalThis as unknown as { Centrifuge: new (transports: object[], options: object) => Client }

  const read = (data: unknown) => (plan.protobuf ? JSON.parse(new TextDecoder().decode(data as Uint8Array)) : data)
  const written = (value: unknown) => (plan.protobuf ? new TextEncoder().encode(JSON.stringify(value)) : value)
  const heard: unknown[] = []
  const recoveries: boolean[] = []
  let transport = ""
  const waitFor = async (there: () => boolean, what: string) => {
    const end = performance.now() + 10_000
    while (!there()) {
      if (performance.now() > end) throw new Error(`never happened: ${what}; heard ${JSON.stringify(heard)}`)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  const client = new Centrifuge([{ transport: plan.transport, endpoint: plan.endpoint }], {
    emulationEndpoint: plan.emulation,
    minReconnectDelay: 10,
  })
  client.on("connected", (context) => {
    transport = context.transport
  })
  const subscription = client.newSubscription(plan.channel)
  subscription.on("publication", ({ data }) => void heard.push(read(data)))
  subscription.on("subscribed", ({ recovered }) => void recoveries.push(recovered))
  client.connect()
  subscription.subscribe()
  await subscription.ready(10_000)
  await subscription.publish(written({ text: "你好 \u{1f44b}" }))
  await waitFor(() => heard.length === 1, "own publication")
  client.disconnect()
  client.connect()
  await waitFor(() => recoveries.length === 2, "subscribed again")
  await subscription.publish(written("again"))
  await waitFor(() => heard.length === 2, "second publication")
  client.disconnect()
  return { transport, heard, recoveries }
}

async function visit(host: string, protobuf: boolean): Promise<Page> {
  const page = await browser.newPage()
  await page.goto(`http://${host}:${site.port}/`)
  await page.addScriptTag({ url: protobuf ? "/protobuf.js" : "/json.js" })
  return page
}

test.each(WAYS.map((way) => [way.name, way] as const))(
  "in Chromium over %s",
  async (_name, { protobuf, transport }) => {
    const page = await visit("127.0.0.1", protobuf)
    const base = transport === "websocket" ? server.wsUrl : server.url
    const told = await page.evaluate(talk, {
      transport,
      protobuf,
      endpoint: `${base}/connection/${transport}`,
      emulation: `${server.url}/emulation`,
      channel: `room:${transport}-${protobuf}`,
    })
    expect(told).toEqual({ transport, heard: [{ text: "你好 \u{1f44b}" }, "again"], recoveries: [false, true] })
    await page.close()
  },
  60_000,
)

test("a page of another site gets in over none of them", async () => {
  const page = await visit(STRANGER, false)
  const got = await page.evaluate(
    async ({ http, ws }) => {
      const socket = new Promise<string>((resolve) => {
        const made = new WebSocket(`${ws}/connection/websocket`)
        made.onopen = () => resolve("open")
        made.onerror = () => resolve("refused")
      })
      const events = new Promise<string>((resolve) => {
        type Source = new (url: string) => { onopen: () => void; onerror: () => void }
        const made = new (globalThis as unknown as { EventSource: Source }).EventSource(
          `${http}/connection/sse?cf_connect=%7B%22id%22%3A1%2C%22connect%22%3A%7B%7D%7D`,
        )
        made.onopen = () => resolve("open")
        made.onerror = () => resolve("refused")
      })
      const stream = fetch(`${http}/connection/http_stream`, { method: "POST", body: '{"id":1,"connect":{}}' }).then(
        () => "open",
        () => "refused",
      )
      return Promise.all([socket, events, stream])
    },
    { http: server.url, ws: server.wsUrl },
  )
  expect(got).toEqual(["refused", "refused", "refused"])
  await page.close()
}, 60_000)
