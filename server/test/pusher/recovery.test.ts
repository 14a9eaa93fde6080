import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test"
import Echo from "laravel-echo"
import PusherJs from "pusher-js"
import { recovering } from "../../../echo/src/index.ts"
import { Cable } from "../support/cable.ts"
import type { TestServer } from "../support/server.ts"
import { until } from "../support/until.ts"
import { APP, call, hmac, RawClient, startServer, trigger } from "./support.ts"

const PAGE = "0123456789abcdef0123"
const CHANNELS = [
  { pattern: "log-*", history_size: 500, subscribe: "anyone" },
  { pattern: "short-*", history_size: 2, subscribe: "anyone" },
  { pattern: "cache-short-*", history_size: 2, subscribe: "anyone" },
  { pattern: "private-log-*", history_size: 500 },
  { pattern: "*", subscribe: "anyone" },
]

let server: TestServer
let cable: Cable
const open: { disconnect(): void }[] = []

beforeAll(async () => {
  server = await startServer({ replay_window: "1m" }, { channels: CHANNELS })
  cable = await Cable.to(server.port)
})
afterEach(() => {
  for (const client of open.splice(0)) client.disconnect()
})
afterAll(async () => {
  cable.remove()
  await server.stop()
})

let names = 0
const newChannel = (prefix = "log-") => `${prefix}${++names}`

const options = () => ({
  cluster: "",
  wsHost: "127.0.0.1",
  wsPort: cable.port,
  wssPort: cable.port,
  forceTLS: false,
  enabledTransports: ["ws" as const],
  channelAuthorization: {
    customHandler: (
      { socketId, channelName }: { socketId: string; channelName: string },
      callback: (error: null, data: { auth: string }) => void,
    ) => callback(null, { auth: `${APP.key}:${hmac(APP.secret, `${socketId}:${channelName}`)}` }),
  } as never,
})

/** pusher-js connected through a cable that the test can pull. */
async function connected(Client: typeof PusherJs, more: object = {}) {
  const client = new Client(APP.key, { ...options(), ...more })
  open.push(client)
  await until(() => client.connection.state === "connected", "connected")
  return client
}

const reconnected = async (client: PusherJs, socketIdBefore: string) => {
  await until(
    () => client.connection.state === "connected" && client.connection.socket_id !== socketIdBefore,
    "connected again",
    20_000,
  )
}

/** Until the server knows that the connection is dead: what is published from now on is not sent to it. */
const noticed = (channel: string, client: PusherJs, cutSocketId: string) =>
  until(async () => {
    const { socket_id, state } = client.connection
    const isBack = state === "connected" && socket_id !== cutSocketId
    return isBack || (await call(server, "GET", `/channels/${channel}`)).json.occupied === false
  }, "the server has noticed the cut")

describe("the connector", () => {
  test("everything missed arrives once, in order, before what is new, through any number of cuts", async () => {
    const client = await connected(recovering(PusherJs))
    for (const channel of [newChannel(), newChannel("private-log-")]) {
      const seen: number[] = []
      const subscription = client.subscribe(channel)
      subscription.bind("n", ({ n }: { n: number }) => seen.push(n))
      await until(() => subscription.subscribed, "subscribed")
      let cutSocketId = ""
      for (let n = 1; n <= 60; n++) {
        await trigger(server, channel, "n", JSON.stringify({ n }))
        if (n % 20 === 10) {
          await reconnected(client, cutSocketId)
          cutSocketId = client.connection.socket_id
          cable.pull()
        }
      }
      await until(() => seen.length >= 60, `all of 60, got ${seen.length}`, 20_000)
      expect(seen).toEqual(Array.from({ length: 60 }, (_, index) => index + 1))
    }
  }, 60_000)

  test("also through kill -9 of the server", async () => {
    const own = await startServer({}, { channels: CHANNELS })
    try {
      const channel = newChannel()
      const client = await connected(recovering(PusherJs), { wsPort: own.port })
      const seen: number[] = []
      const subscription = client.subscribe(channel)
      subscription.bind("n", (n: number) => seen.push(n))
      await until(() => subscription.subscribed, "subscribed")
      for (let n = 1; n <= 30; n++) {
        if (n % 10 === 5) {
          await own.kill()
          await own.begin()
        }
        expect((await trigger(own, channel, "n", String(n))).status).toBe(200)
      }
      await until(() => seen.length >= 30, `all of 30, got ${seen}`, 30_000)
      expect(seen).toEqual(Array.from({ length: 30 }, (_, index) => index + 1))
    } finally {
      await own.stop()
    }
  }, 60_000)

  test("drops into Laravel Echo", async () => {
    const channel = newChannel()
    const echo = new Echo({
      broadcaster: "reverb",
      key: APP.key,
      Pusher: recovering(PusherJs),
      withoutInterceptors: true,
      ...options(),
    } as never)
    const client = (echo.connector as never as { pusher: PusherJs }).pusher
    open.push(client)
    const seen: number[] = []
    echo.channel(channel).listen(".n", ({ n }: { n: number }) => void seen.push(n))
    await until(() => client.channel(channel)?.subscribed, "subscribed")
    const before = client.connection.socket_id
    cable.pull()
    await trigger(server, channel, "n", '{"n":1}')
    await reconnected(client, before)
    await trigger(server, channel, "n", '{"n":2}')
    await until(() => seen.length === 2, "both", 15_000)
    expect(seen).toEqual([1, 2])
  }, 60_000)

  test("tells when the history does not reach back far enough", async () => {
    const channel = newChannel("short-")
    const client = await connected(recovering(PusherJs))
    const seen: string[] = []
    const subscription = client.subscribe(channel)
    subscription.bind("n", (n: number) => seen.push(`n ${n}`))
    subscription.bind("skein:gap", () => seen.push("gap"))
    await until(() => subscription.subscribed, "subscribed")
    const before = client.connection.socket_id
    cable.pull()
    // Nobody comes back before all three are published: who did would find the first two still there.
    cable.jam()
    try {
      for (const n of [1, 2, 3]) await trigger(server, channel, "n", String(n))
    } finally {
      cable.clear()
    }
    await reconnected(client, before)
    await until(() => seen.includes("gap"), "the gap")
    await trigger(server, channel, "n", "4")
    await until(() => seen.includes("n 4"), "what is new")
    expect(seen).toEqual(["gap", "n 4"])
  }, 60_000)

  test("what came while unsubscribed is not missed; other frames are what stock clients get", async () => {
    const channel = newChannel()
    const client = await connected(recovering(PusherJs))
    const seen: unknown[] = []
    const first = client.subscribe(channel)
    await until(() => first.subscribed, "subscribed")
    client.unsubscribe(channel)
    await trigger(server, channel, "n", "1")
    const again = client.subscribe(channel)
    again.bind_global((name: string, data: unknown) => seen.push([name, data]))
    await until(() => again.subscribed, "subscribed again")
    await trigger(server, channel, "n", "plain text")
    await until(() => seen.length === 2, "the second")
    expect(seen).toEqual([
      ["pusher:subscription_succeeded", {}],
      ["n", "plain text"],
    ])
  })
})

describe("cache channels with the connector", () => {
  test("show their last event once, and after a cut the one that came meanwhile", async () => {
    const channel = newChannel("cache-")
    await trigger(server, channel, "n", "1")
    const client = await connected(recovering(PusherJs))
    const seen: number[] = []
    const subscription = client.subscribe(channel)
    subscription.bind("n", (n: number) => seen.push(n))
    await until(() => seen.length === 1, "the cached event")
    const cut = async () => {
      const before = client.connection.socket_id
      cable.pull()
      await reconnected(client, before)
    }
    await cut()
    await until(() => subscription.subscribed, "subscribed again")
    await trigger(server, channel, "n", "2")
    await until(() => seen.length === 2, "a live event")
    await cut()
    await trigger(server, channel, "n", "3")
    await until(() => seen.includes(3), "the event of meanwhile", 15_000)
    expect(seen).toEqual([1, 2, 3])
  }, 40_000)
})

describe("a sender stays excluded although it reconnected", () => {
  test("with the socket id of before, live: unmodified pusher-js with a page id in wsPath", async () => {
    const channel = newChannel("plain-")
    const client = await connected(PusherJs, { wsPath: `/s/${crypto.randomUUID()}` })
    const seen: number[] = []
    client.subscribe(channel).bind("n", (n: number) => seen.push(n))
    await until(() => client.channel(channel)?.subscribed, "subscribed")
    const before = client.connection.socket_id
    cable.pull()
    await reconnected(client, before)
    await until(() => client.channel(channel)?.subscribed, "subscribed again")
    await trigger(server, channel, "n", "1", { socket_id: before })
    await trigger(server, channel, "n", "2")
    await until(() => seen.length === 1, "the other's event")
    expect(seen).toEqual([2])
  }, 60_000)

  test("also for what it recovers: its own events of while it was away do not come back", async () => {
    const channel = newChannel()
    const client = await connected(recovering(PusherJs))
    const seen: number[] = []
    client.subscribe(channel).bind("n", (n: number) => seen.push(n))
    await until(() => client.channel(channel)?.subscribed, "subscribed")
    const before = client.connection.socket_id
    cable.pull()
    await trigger(server, channel, "n", "1", { socket_id: before })
    await trigger(server, channel, "n", "2")
    await reconnected(client, before)
    await until(() => seen.length === 1, "the other's event", 15_000)
    expect(seen).toEqual([2])
  }, 60_000)
})

describe("replay for unmodified clients with a page id", () => {
  const connect = (page = PAGE) => RawClient.connect(server, { path: `/s/${page}/app/${APP.key}` })
  const events = (client: RawClient) =>
    client.frames.filter(({ event }) => !event.startsWith("pusher")).map(({ event, data }) => `${event} ${data}`)
  /** Answers the server's pings, as every stock client does, until one has been answered. */
  const confirm = async (client: RawClient) => {
    await client.next("pusher:ping")
    client.sendEvent("pusher:pong", {})
    await client.settled()
  }

  test("after a drop: surely missed events come as themselves, those perhaps seen under another name", async () => {
    const channel = newChannel()
    const first = await connect()
    await first.subscribe(channel)
    await trigger(server, channel, "n", "1")
    await first.next("n")
    await confirm(first)
    await trigger(server, channel, "n", "2")
    await first.next("n")
    first.terminate()
    await until(async () => !(await call(server, "GET", `/channels/${channel}`)).json.occupied, "the drop is noticed")
    await trigger(server, channel, "n", "3")
    await trigger(server, channel, "n", "4")
    const second = await connect()
    await second.subscribe(channel)
    await trigger(server, channel, "n", "5")
    await second.settled()
    const [unconfirmed, ...rest] = events(second)
    expect(unconfirmed).toStartWith("skein:unconfirmed ")
    expect(JSON.parse(unconfirmed?.slice("skein:unconfirmed ".length) ?? "")).toMatchObject({
      event: "n",
      data: "2",
      offset: 2,
    })
    expect(rest).toEqual(["n 3", "n 4", "n 5"])
  }, 60_000)

  test("unmodified pusher-js, cut again and again: nothing is lost, nothing comes twice under its own name", async () => {
    const channel = newChannel()
    const client = await connected(PusherJs, { wsPath: `/s/${crypto.randomUUID()}` })
    const [certain, perhaps]: [number[], number[]] = [[], []]
    const subscription = client.subscribe(channel)
    subscription.bind("n", (n: number) => certain.push(n))
    subscription.bind("skein:unconfirmed", ({ data }: { data: string }) => perhaps.push(Number(data)))
    await until(() => subscription.subscribed, "subscribed")
    const all = () => new Set([...certain, ...perhaps])
    const publishedAway: number[] = []
    let cutSocketId = ""
    for (let n = 1; n <= 60; n++) {
      await trigger(server, channel, "n", String(n))
      if (n % 20 === 10) {
        cutSocketId = client.connection.socket_id
        cable.pull()
      }
      // Till now some were sent to nobody.
      if (n % 20 === 13) await noticed(channel, client, cutSocketId)
      if (n % 20 === 14) publishedAway.push(n)
      // What is sent again on a connection that is cut too stays uncertain: the next cut waits for it.
      if (n % 20 === 0) await until(() => all().size === n, `all of ${n}`, 20_000)
    }
    expect(certain).toEqual([...new Set(certain)].sort((a, b) => a - b))
    // What was published while it was away is certain: it cannot have come before.
    expect(publishedAway).toEqual([14, 34, 54])
    for (const n of publishedAway) expect(certain).toContain(n)
  }, 60_000)

  test("a new connection takes over from one that is dead and does not know it", async () => {
    const channel = newChannel()
    const first = await connect()
    await first.subscribe(channel)
    const second = await connect()
    expect((await first.closing()).code).toBe(4100)
    await trigger(server, channel, "n", "1")
    await second.subscribe(channel)
    await second.settled()
    expect(events(second)).toEqual(["n 1"])
  })

  test("unmodified pusher-js that gives up a silent connection: its close comes late and is no goodbye", async () => {
    const channel = newChannel()
    const client = await connected(PusherJs, {
      wsPath: `/s/${crypto.randomUUID()}`,
      // Longer than a busy machine stalls: before the jam it must not give up by itself.
      activityTimeout: 2_000,
      pongTimeout: 2_000,
    })
    const seen: string[] = []
    const subscription = client.subscribe(channel)
    subscription.bind("n", (n: number) => seen.push(String(n)))
    subscription.bind("skein:unconfirmed", ({ data }: { data: string }) => seen.push(`perhaps ${data}`))
    await until(() => subscription.subscribed, "subscribed")
    cable.jam()
    try {
      await trigger(server, channel, "n", "1")
      await until(() => client.connection.state === "connecting", "it gives up", 30_000)
    } finally {
      cable.clear()
    }
    await until(() => client.connection.state === "connected" && subscription.subscribed, "subscribed again", 30_000)
    await trigger(server, channel, "n", "2")
    await until(() => seen.includes("2"), "what is new")
    expect(seen).toEqual(["perhaps 1", "2"])
  }, 90_000)

  test("nothing is replayed after unsubscribing, to another page, or without a page id", async () => {
    const unsubscribe = async (client: RawClient, channel: string) => {
      client.sendEvent("pusher:unsubscribe", { channel })
      await client.settled()
    }
    for (const [again, before] of [
      [() => connect(), unsubscribe],
      [() => connect("another-page-0123456"), () => undefined],
      [() => RawClient.connect(server), () => undefined],
    ] as const) {
      const channel = newChannel()
      const first = await connect()
      await first.subscribe(channel)
      await before(first, channel)
      first.terminate()
      await until(async () => !(await call(server, "GET", `/channels/${channel}`)).json.occupied, "gone")
      await trigger(server, channel, "n", "1")
      const second = await again()
      await second.subscribe(channel)
      await second.settled()
      expect(events(second)).toEqual([])
    }
  })

  test("a page's own events are not replayed to it, and a private channel needs its signature again", async () => {
    const channel = newChannel("private-log-")
    const first = await connect()
    await first.subscribe(channel)
    first.terminate()
    await until(async () => !(await call(server, "GET", `/channels/${channel}`)).json.occupied, "gone")
    await trigger(server, channel, "n", "1", { socket_id: first.socketId })
    await trigger(server, channel, "n", "2")
    const second = await connect()
    second.sendEvent("pusher:subscribe", { channel, auth: "" })
    await second.error()
    await second.settled()
    expect(events(second)).toEqual([])
    await second.subscribe(channel)
    await second.settled()
    expect(events(second)).toEqual(["n 2"])
  })

  for (const prefix of ["short-", "cache-short-"])
    test(`a history that does not reach back is a gap, told as one: ${prefix}`, async () => {
      const channel = newChannel(prefix)
      const first = await connect()
      await first.subscribe(channel)
      first.terminate()
      await until(async () => !(await call(server, "GET", `/channels/${channel}`)).json.occupied, "gone")
      for (const n of [1, 2, 3]) await trigger(server, channel, "n", String(n))
      const second = await connect()
      await second.subscribe(channel)
      await second.settled()
      const [gap, ...rest] = events(second)
      expect(gap).toStartWith("skein:gap ")
      // A cache channel shows its last event to whoever subscribes.
      expect(rest).toEqual(prefix === "short-" ? [] : ["n 3"])
    })
})
