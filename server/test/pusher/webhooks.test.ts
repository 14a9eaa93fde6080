import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import { readdirSync, readFileSync } from "node:fs"
import PusherServer from "pusher"
import type { TestServer } from "../support/server.ts"
import { until } from "../support/until.ts"
import { APP, logs, OTHER_APP, RawClient, startServer } from "./support.ts"

interface Received {
  readonly path: string
  readonly headers: Headers
  readonly body: string
  readonly events: readonly Record<string, unknown>[]
}

/** A back end's endpoint that answers as the test wants. */
class Site {
  readonly received: Received[] = []
  answer: (request: Received) => Response | Promise<Response> = () => new Response("ok")
  readonly #server: ReturnType<typeof Bun.serve>

  constructor(port = 0) {
    this.#server = Bun.serve({ port, fetch: (request) => this.#receive(request) })
  }

  get port(): number {
    return this.#server.port ?? 0
  }

  async #receive(request: Request): Promise<Response> {
    const body = await request.text()
    const received = {
      path: new URL(request.url).pathname,
      headers: request.headers,
      body,
      events: JSON.parse(body).events,
    }
    this.received.push(received)
    return this.answer(received)
  }

  url(path = "/hook"): string {
    return `http://127.0.0.1:${this.#server.port}${path}`
  }

  /** All events so far, as `name channel …`, at one path. */
  seen(path = "/hook"): string[] {
    return this.received
      .filter((one) => one.path === path)
      .flatMap(({ events }) =>
        events.map(({ name, channel, user_id }) => [name, channel, ...(user_id ? [user_id] : [])].join(" ")),
      )
  }

  stop(): void {
    this.#server.stop(true)
  }
}

let site: Site
let server: TestServer | undefined

beforeEach(() => {
  site = new Site()
})
afterEach(async () => {
  site.stop()
  await server?.stop()
  server = undefined
})

const start = async (app: Record<string, unknown> = {}, otherApp: Record<string, unknown> = {}) => {
  server = await startServer(
    { webhook_urls: [site.url()], ...app },
    { otherApp, env: { SKEIN_LIMITS_PRESENCE_GRACE: "300ms" } },
  )
  return server
}

/** Until the metrics say so: they are told once a second. */
const shows = (running: TestServer, figure: string, value: number) =>
  until(
    async () => {
      const metrics = await (await fetch(`${running.url}/metrics`)).text()
      return metrics.includes(`skein_pusher{app="1",figure="${figure}"} ${value}\n`)
    },
    `${figure} is ${value}`,
    20_000,
  )

const saw = (event: string, deadlineMs?: number) =>
  until(() => site.seen().includes(event), `${event}; seen ${JSON.stringify(site.seen())}`, deadlineMs)

test("every kind of event; goodbyes after three seconds; signed so that Pusher's own library accepts it", async () => {
  const running = await start({ subscription_count: true })
  const [ann, bob] = [await RawClient.connect(running), await RawClient.connect(running)]
  await ann.subscribe("presence-a", { user_id: "ann" })
  await bob.subscribe("presence-a", { user_id: "bob" })
  ann.sendEvent("client-typing", { on: true }, "presence-a")
  await ann.subscribe("cache-empty")
  await saw("member_added presence-a bob")
  await saw("client_event presence-a ann")
  await saw("cache_miss cache-empty")
  await saw("subscription_count cache-empty")
  const client = site.received.flatMap(({ events }) => events).find(({ name }) => name === "client_event")
  expect(client).toMatchObject({ event: "client-typing", data: '{"on":true}', socket_id: ann.socketId, user_id: "ann" })
  const left = performance.now()
  bob.close()
  await saw("member_removed presence-a bob")
  expect(performance.now() - left).toBeGreaterThan(2_500)
  ann.close()
  await saw("channel_vacated presence-a")
  const order = site.seen().filter((event) => event.includes("presence-a"))
  expect(order).toEqual([
    "channel_occupied presence-a",
    "member_added presence-a ann",
    "member_added presence-a bob",
    "client_event presence-a ann",
    "member_removed presence-a bob",
    "member_removed presence-a ann",
    "channel_vacated presence-a",
  ])
  const library = new PusherServer({ appId: APP.id, key: APP.key, secret: APP.secret, host: "localhost" })
  for (const { headers, body } of site.received) {
    expect(headers.get("content-type")).toBe("application/json")
    const hook = library.webhook({ headers: Object.fromEntries(headers), rawBody: body })
    expect(hook.isValid()).toBe(true)
    expect(hook.getTime().getTime()).toBeGreaterThan(1_600_000_000_000)
  }
}, 60_000)

test("apps and kinds are never mixed", async () => {
  const running = await start(
    { webhook_events: ["channel_occupied"], webhook_prefix: "private-" },
    { webhook_urls: [site.url("/other")], webhook_batch: false },
  )
  const [one, two] = [await RawClient.connect(running), await RawClient.connect(running, { app: OTHER_APP })]
  await one.subscribe("public")
  await one.subscribe("private-a")
  await one.subscribe("cache-a")
  await two.subscribe("news")
  await two.subscribe("cache-b")
  await saw("channel_occupied private-a")
  await until(() => site.seen("/other").length === 3, "the other app's events")
  expect(site.seen()).toEqual(["channel_occupied private-a"])
  expect(site.seen("/other").sort()).toEqual([
    "cache_miss cache-b",
    "channel_occupied cache-b",
    "channel_occupied news",
  ])
  for (const { path, headers, events } of site.received) {
    expect(headers.get("x-pusher-key")).toBe(path === "/hook" ? APP.key : OTHER_APP.key)
    expect(events).toHaveLength(1)
  }
})

test("a user and password in the address go where they belong", async () => {
  const running = await start({ webhook_urls: [site.url().replace("//", "//user:pass%2Fword@")] })
  await (await RawClient.connect(running)).subscribe("a")
  await saw("channel_occupied a")
  expect(site.received[0]?.headers.get("authorization")).toBe(`Basic ${btoa("user:pass/word")}`)
})

describe("an endpoint in trouble", () => {
  const troubles: [name: string, answer: () => Response | Promise<Response>][] = [
    ["answers 500", () => new Response("", { status: 500 })],
    ["redirects", () => Response.redirect("http://169.254.169.254/latest", 302)],
  ]
  for (const [name, answer] of troubles)
    test(`that ${name}: everything again, in order, once it is well; the log says what is wrong`, async () => {
      const running = await start()
      site.answer = answer
      const client = await RawClient.connect(running)
      await client.subscribe("presence-a", { user_id: "ann" })
      const attempt = (number: string) => site.received.find(({ headers }) => headers.get("x-skein-attempt") === number)
      const second = await until(() => attempt("2"), "a second try", 10_000)
      const first = attempt("1")
      expect(JSON.parse(second.body).time_ms).toBe(JSON.parse(first?.body ?? "").time_ms)
      site.received.length = 0
      site.answer = () => new Response(null, { status: 204 })
      await saw("member_added presence-a ann")
      const unique = [...new Set(site.seen())]
      expect(unique).toEqual(["channel_occupied presence-a", "member_added presence-a ann"])
      await logs(running, "a webhook was not delivered")
      if (name === "redirects") await logs(running, "redirects are not followed")
      await logs(running, "takes events again")
    }, 60_000)

  test("that is not there: everything when it comes", async () => {
    const running = await start()
    const { port } = site
    site.stop()
    const client = await RawClient.connect(running)
    await client.subscribe("presence-a", { user_id: "ann" })
    await logs(running, "a webhook was not delivered")
    await shows(running, "webhooks_failing", 1)
    site = new Site(port)
    // Between two attempts it rests for as long as it has failed.
    await saw("member_added presence-a ann", 30_000)
    expect(site.seen()).toEqual(["channel_occupied presence-a", "member_added presence-a ann"])
  }, 60_000)

  test("that is slow holds up its channel and nobody's messages", async () => {
    const running = await start({ webhook_batch: false })
    const { promise: slow, resolve: release } = Promise.withResolvers<void>()
    site.answer = async ({ events }) => {
      if (events[0]?.channel === "slow") await slow
      return new Response("ok")
    }
    const client = await RawClient.connect(running)
    await client.subscribe("slow")
    await until(() => site.received.length === 1, "the slow request")
    await client.subscribe("fast")
    await saw("channel_occupied fast")
    release()
  })
})

test("kill -9: what was not delivered is delivered after the restart, and the lost say goodbye", async () => {
  const running = await start()
  const down = site.answer
  const client = await RawClient.connect(running)
  await client.subscribe("presence-a", { user_id: "ann" })
  // What the site has taken and the server has not heard of is delivered again.
  await shows(running, "webhooks_delivered", 2)
  site.answer = () => new Response("", { status: 503 })
  await client.subscribe("presence-b", { user_id: "ann" })
  await until(() => site.received.some(({ events }) => events.some(({ channel }) => channel === "presence-b")), "a try")
  await running.kill()
  site.received.length = 0
  site.answer = down
  await running.begin()
  await saw("channel_occupied presence-b")
  await saw("member_added presence-b ann")
  const back = await RawClient.connect(running)
  await back.subscribe("presence-a", { user_id: "ann" })
  await saw("member_removed presence-b ann", 40_000)
  await saw("channel_vacated presence-b")
  expect(site.seen().filter((event) => event.includes("presence-a"))).toEqual([])
}, 120_000)

test("kill -9 of the webhook process alone: nothing is lost", async () => {
  const running = await start()
  const client = await RawClient.connect(running)
  for (let n = 0; n < 50; n++) {
    if (n % 10 === 5) await killWebhookProcessOf(running.pid)
    await client.subscribe(`c${n}`)
  }
  await until(() => new Set(site.seen()).size === 50, "all fifty", 30_000)
  await logs(running, "webhook process ended; starting it again")
}, 60_000)

/** Between two runs there is nothing to kill: then the next run is waited for. */
const killWebhookProcessOf = (parent: number) =>
  until(
    () => {
      const pid = webhookProcessOf(parent)
      try {
        return pid !== undefined && process.kill(pid, "SIGKILL")
      } catch (error) {
        // It ended since we looked.
        if ((error as NodeJS.ErrnoException).code === "ESRCH") return false
        throw error
      }
    },
    "a webhook process to kill",
    20_000,
  )

/** Pid of the server's child that runs the webhook process (Linux). */
function webhookProcessOf(parent: number): number | undefined {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const isChild = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ")[1] === String(parent)
      if (isChild && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("webhooks/process")) return Number(pid)
    } catch {
      // It ended while we looked.
    }
  }
  return undefined
}
