import { describe, expect, test } from "bun:test"
import { createHmac } from "node:crypto"
import { FakePusher, type FakeSocket, KEY, SECRET } from "../testing/fake-pusher.ts"

const PAGE = `/s/0123456789abcdef/app/${KEY}`
const PING = "pusher:ping"

describe("liveness", () => {
  const start = (transport?: string) => {
    const pusher = new FakePusher()
    const socket = pusher.connect(undefined, transport)
    const pass = (ms: number) => {
      pusher.clock.advance(ms)
      socket.session.tick?.(pusher.clock.nowMs())
    }
    return { socket, pass }
  }

  test("a silent client's WebSocket is asked, and closed with 4201 when it stays silent", () => {
    const { socket, pass } = start()
    pass(24_999)
    expect(socket.pings).toBe(0)
    pass(1)
    expect(socket.pings).toBe(1)
    pass(7_999)
    expect(socket.closed).toBeUndefined()
    pass(1)
    expect(socket.closed?.code).toBe(4201)
    // Not by an event, which clients of Java, Swift and .NET do not answer.
    expect(socket.count(PING)).toBe(0)
  })

  test("where there is no WebSocket the event asks", () => {
    const { socket, pass } = start("xhr_streaming")
    pass(25_000)
    expect(socket.count(PING)).toBe(1)
    pass(8_000)
    expect(socket.closed?.code).toBe(4201)
  })

  test("whatever a client says proves that it lives; it is pinged all the same, for the proxies on the way", () => {
    const { socket, pass } = start()
    for (let second = 0; second < 400; second++) {
      if (second % 5 === 4) socket.say("pusher:pong", {})
      pass(1_000)
    }
    expect(socket.closed).toBeUndefined()
    expect(socket.pings).toBe(16)
  })

  test("so does its WebSocket: a client that only listens, and answers no event, is never cut", () => {
    const { socket, pass } = start()
    for (let second = 0; second < 1_000; second++) {
      const asked = socket.pings
      pass(1_000)
      if (socket.pings > asked) socket.session.heard?.()
    }
    expect(socket.pings).toBe(40)
    expect(socket.closed).toBeUndefined()
  })

  test("a flood is closed with 4100", () => {
    const socket = new FakePusher().connect()
    for (let n = 0; n < 1_001; n++) socket.say("pusher:ping", {})
    expect(socket.closed?.code).toBe(4100)
  })

  test("subscriptions have a rate of their own; past it they are refused and the connection stays", async () => {
    const pusher = new FakePusher()
    const socket = pusher.connect()
    const refused = () => socket.sent.filter((text) => text.includes("Too many subscriptions")).length
    const subscribe = async (times: number) => {
      for (let n = 0; n < times; n++) socket.say("pusher:subscribe", { channel: "a" })
      await new Promise<void>((done) => setImmediate(done))
    }
    await subscribe(256)
    expect(refused()).toBe(0)
    await subscribe(1)
    // As an error of the connection and as one of the channel.
    expect(refused()).toBe(2)
    pusher.clock.advance(10)
    await subscribe(1)
    expect(refused()).toBe(2)
    expect(socket.closed).toBeUndefined()
  })

  test("after its end a session does nothing more", async () => {
    const pusher = new FakePusher()
    const socket = pusher.connect()
    socket.drop()
    const before = socket.sent.length
    socket.say("pusher:subscribe", { channel: "a" })
    socket.session.drain()
    socket.drop()
    pusher.clock.advance(1_000_000)
    socket.session.tick?.(pusher.clock.nowMs())
    await Promise.resolve()
    expect(socket.sent.length).toBe(before)
    expect(pusher.channels.hub.connectionCount).toBe(0)
  })
})

function signIn(socket: FakeSocket, user: object): void {
  const { socket_id } = JSON.parse(JSON.parse(socket.sent[0] ?? "").data)
  const user_data = JSON.stringify(user)
  const signature = createHmac("sha256", SECRET).update(`${socket_id}::user::${user_data}`).digest("hex")
  socket.say("pusher:signin", { auth: `${KEY}:${signature}`, user_data })
}

test("a sign-in that was asked for too long ago leaves the connection nobody's, one in time makes it that login's", () => {
  const pusher = new FakePusher()
  const socket = pusher.connect()
  const nowMs = pusher.clock.nowMs()
  signIn(socket, { id: "ann", skein_session: "s1", skein_until: nowMs - 1 })
  expect(socket.sent.at(-1)).toContain("too long ago")
  expect(pusher.channels.hub.ofUser("ann")).toEqual([])
  signIn(socket, { id: "ann", skein_session: "s1", skein_until: nowMs })
  expect(pusher.channels.hub.ofUser("ann")).toMatchObject([{ identity: { userId: "ann", sessionId: "s1" } }])
})

describe("a stream that ends while it is told something", () => {
  test("is not signed in for ever", () => {
    const pusher = new FakePusher()
    const [ann, watcher] = [pusher.connect(undefined, "xhr_streaming"), pusher.connect()]
    ann.overflowsBy = "signin_success"
    signIn(ann, { id: "ann" })
    signIn(watcher, { id: "watcher", watchlist: ["ann"] })
    expect(watcher.sent.at(-1)).toContain("offline")
  })

  test("leaves no position behind for a channel that nobody is in", async () => {
    const pusher = new FakePusher({ replayWindowMs: 60_000 })
    await pusher.publish("log-a", "1")
    const socket = pusher.connect(PAGE)
    socket.overflowsBy = "subscription_succeeded"
    await socket.subscribe("log-a")
    expect(pusher.channels.hub.channels.size).toBe(0)
    expect(pusher.encoders.lastOffsets.size).toBe(0)
  })
})

describe("confirmations of stock clients with a page id", () => {
  const start = async () => {
    const pusher = new FakePusher({ replayWindowMs: 60_000 })
    const socket = pusher.connect(PAGE)
    await socket.subscribe("log-a")
    const pass = (ms: number) => {
      pusher.clock.advance(ms)
      socket.session.tick?.(pusher.clock.nowMs())
    }
    const back = async () => {
      const again = pusher.connect(PAGE)
      await again.subscribe("log-a")
      return again.events.map((event) => event.replace(/"epoch.*/, ""))
    }
    return { pusher, socket, pass, back }
  }

  test("are asked for only when there is something to confirm", async () => {
    const { pusher, socket, pass } = await start()
    pass(2_000)
    expect(socket.count(PING)).toBe(0)
    await pusher.publish("log-a", "1")
    pass(2_000)
    expect(socket.count(PING)).toBe(1)
    socket.say("pusher:pong", {})
    pass(2_000)
    expect(socket.count(PING)).toBe(1)
  })

  test("an answer covers what was sent before the question, not what came after", async () => {
    const { pusher, socket, pass, back } = await start()
    await pusher.publish("log-a", "1")
    pass(2_000)
    await pusher.publish("log-a", "2")
    socket.say("pusher:pong", {})
    socket.drop()
    await pusher.publish("log-a", "3")
    expect(await back()).toEqual(['skein:unconfirmed {"event":"n","data":"2",', "n 3"])
  })

  test("a question that stays open is a dead line: closed, and what comes then is surely missed", async () => {
    const { pusher, socket, pass, back } = await start()
    await pusher.publish("log-a", "1")
    pass(2_000)
    pass(10_000)
    expect(socket.closed?.code).toBe(4201)
    await pusher.publish("log-a", "2")
    expect(await back()).toEqual(['skein:unconfirmed {"event":"n","data":"1",', "n 2"])
  })

  test("what is collected for this turn counts as sent: it goes out before the question", async () => {
    const { pusher, socket, pass } = await start()
    await pusher.channels.publish("log-a", { data: "1", tags: { event: "n" } })
    pass(2_000)
    expect(socket.sent.slice(-2).map((text) => JSON.parse(text).event)).toEqual(["n", PING])
  })

  test("who comes back too late gets what everyone gets", async () => {
    const { pusher, socket, back } = await start()
    socket.drop()
    await pusher.publish("log-a", "1")
    pusher.clock.advance(60_001)
    expect(await back()).toEqual([])
  })

  test("who drops again before it has subscribed still gets what it missed, within the window of the first drop", async () => {
    for (const [awayMs, expected] of [
      [20_000, ["n 1"]],
      [40_001, []],
    ] as const) {
      const { pusher, socket, back } = await start()
      socket.drop()
      await pusher.publish("log-a", "1")
      pusher.clock.advance(20_000)
      pusher.connect(PAGE).drop()
      pusher.clock.advance(awayMs)
      expect(await back()).toEqual([...expected])
    }
  })

  test("a history that restarted while the client was there is a gap, and what follows counts anew", async () => {
    const { pusher, socket, back } = await start()
    for (const data of ["1", "2", "3"]) await pusher.publish("log-a", data)
    pusher.log.restart()
    pusher.channels.invalidate(["log-a"])
    expect(socket.closed?.code).toBe(4200)
    await pusher.publish("log-a", "4")
    expect((await back()).map((event) => event.split(" ")[0])).toEqual(["skein:gap"])
    await pusher.publish("log-a", "5")
    expect(pusher.encoders.lastOffsets.get("log-a")).toBe(2)
  })

  test("an unsubscribed channel is not replayed", async () => {
    const { pusher, socket, back } = await start()
    socket.say("pusher:unsubscribe", { channel: "log-a" })
    socket.drop()
    await pusher.publish("log-a", "1")
    expect(await back()).toEqual([])
  })
})

test("where names may have colons, a signature for one channel opens no other", async () => {
  const pusher = new FakePusher({ channelNames: "any" })
  const socket = pusher.connect()
  const [established = "{}"] = socket.sent
  const { socket_id } = JSON.parse(JSON.parse(established).data)
  const name = "private-user:7:8"
  const data = '{"user_id":"7:8"}'
  const auth = `${KEY}:${createHmac("sha256", SECRET).update(`${socket_id}:${name}:${data}`).digest("hex")}`
  const settled = () => new Promise<void>((done) => setImmediate(done))
  const isIn = (channel: string) => pusher.channels.hub.channels.has(channel)
  socket.say("pusher:subscribe", { channel: "private-user:7", channel_data: `8:${data}`, auth })
  await settled()
  expect(socket.count("pusher:error")).toBe(1)
  expect(isIn("private-user:7")).toBe(false)
  socket.say("pusher:subscribe", { channel: name, channel_data: data, auth })
  await settled()
  expect(isIn(name)).toBe(true)
})
