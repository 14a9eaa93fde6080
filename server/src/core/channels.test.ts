import { describe, expect, test } from "bun:test"
import { FakeNode, ruleWith } from "./testing/fake-node.ts"

const history = ruleWith({ pattern: "log:*", historySize: 10, recovery: true })
const room = ruleWith({ pattern: "room:*", presence: true, joinLeave: true, read: "subscriber" })
const open = ruleWith({ pattern: "*" })

const subscribe = (node: FakeNode, client: ReturnType<FakeNode["connect"]>, channel: string, request = {}) =>
  node.channels.subscribe(client.connection, channel, request, () => client.lines.push(`ok ${channel}`))

const publish = async (node: FakeNode, channel: string, data: string) => {
  await node.channels.publish(channel, { data })
  node.endTurn()
}

const refusal = (promise: Promise<unknown>) => promise.then(() => "accepted").catch((error) => error.code)

describe("fan-out", () => {
  test("the reply comes first, then publications in order", async () => {
    const node = new FakeNode([open])
    const ann = node.connect()
    await subscribe(node, ann, "news")
    await publish(node, "news", "1")
    await publish(node, "news", "2")
    expect(ann.lines).toEqual(["ok news", "news#-:1", "news#-:2"])
  })

  test("a subscriber joining in the middle of a turn does not get what was published before it", async () => {
    const node = new FakeNode([history])
    const [ann, bob] = [node.connect(), node.connect()]
    await subscribe(node, ann, "log:a")
    await node.channels.publish("log:a", { data: "1" })
    await subscribe(node, bob, "log:a")
    node.endTurn()
    expect(ann.lines).toEqual(["ok log:a", "log:a#1:1"])
    expect(bob.lines).toEqual(["ok log:a"])
  })

  test("histories that restarted end the subscriptions to them, and no other", async () => {
    const node = new FakeNode([history])
    const [ann, bob] = [node.connect(), node.connect()]
    for (const channel of ["log:a", "log:b", "log:c"]) await subscribe(node, ann, channel)
    await subscribe(node, bob, "log:b")
    node.channels.invalidate(["log:a", "log:b", "log:nobody"])
    expect([...ann.connection.subscriptions.keys()]).toEqual(["log:c"])
    expect([...bob.connection.subscriptions.keys()]).toEqual([])
    expect([...node.channels.hub.channels]).toEqual([["log:c", 1]])
  })

  test("publications of one turn leave as one frame", async () => {
    const node = new FakeNode([open])
    const ann = node.connect()
    await subscribe(node, ann, "news")
    for (const data of ["1", "2", "3"]) await node.channels.publish("news", { data })
    node.endTurn()
    expect(ann.lines).toEqual(["ok news", "news#-:1", "news#-:2", "news#-:3"])
    expect(node.topics.publishes).toBe(1)
  })

  test("a rule without echo spares the publisher, and only it", async () => {
    const node = new FakeNode([ruleWith({ echo: false })])
    const [ann, bob] = [node.connect(), node.connect()]
    for (const client of [ann, bob]) await subscribe(node, client, "news")
    await node.channels.publishFrom(ann.connection, "news", { data: "1" })
    node.endTurn()
    expect(ann.lines).toEqual(["ok news"])
    expect(bob.lines).toEqual(["ok news", "news#-:1"])
  })

  test("bytes that are no JSON are taken from clients where the rule says so, from the back end everywhere", async () => {
    const node = new FakeNode([open, ruleWith({ pattern: "bytes", binary: true })])
    const ann = node.connect()
    const data = Uint8Array.of(7)
    const fromClient = (channel: string) => refusal(node.channels.publishFrom(ann.connection, channel, { data }))
    for (const channel of ["news", "bytes"]) await subscribe(node, ann, channel)
    expect(await fromClient("news")).toBe("bad_request")
    expect(await fromClient("bytes")).toBe("accepted")
    await node.channels.publish("news", { data })
    node.endTurn()
    expect(ann.lines).toEqual(["ok news", "ok bytes", "bytes#-:7", "news#-:7"])
  })

  test("nothing arrives after unsubscribing or after the right was revoked", async () => {
    const node = new FakeNode([open])
    const [ann, bob] = [node.connect({ userId: "ann" }), node.connect()]
    for (const client of [ann, bob]) await subscribe(node, client, "news")
    node.channels.unsubscribe(bob.connection, "news")
    node.channels.revokeUser("ann", "news")
    await publish(node, "news", "1")
    expect(ann.lines).toEqual(["ok news"])
    expect(ann.unsubscribed).toEqual(["news"])
    expect(bob.lines).toEqual(["ok news"])
    expect(node.channels.hub.channels.size).toBe(0)
  })
})

describe("recovery", () => {
  test("a client gets what it missed in its reply and nothing twice", async () => {
    const node = new FakeNode([history])
    for (const data of ["1", "2", "3"]) await publish(node, "log:a", data)
    const ann = node.connect()
    await node.channels.subscribe(ann.connection, "log:a", { recover: { epoch: "e", offset: 1 } }, (result) => {
      expect(result).toMatchObject({ recovered: true, position: { epoch: "e", offset: 1 } })
      expect(result.publications.map((p) => p.data)).toEqual(["2", "3"])
    })
    await publish(node, "log:a", "4")
    expect(ann.lines).toEqual(["log:a#4:4"])
  })

  test("a lost position can be refused instead of answered", async () => {
    const node = new FakeNode([history])
    for (let i = 0; i < 20; i++) await publish(node, "log:a", `${i}`)
    const ann = node.connect()
    const request = { recover: { epoch: "e", offset: 1 }, rejectUnrecovered: true }
    expect(await refusal(subscribe(node, ann, "log:a", request))).toBe("unrecoverable_position")
    expect(ann.connection.subscriptions.size).toBe(0)
  })

  test("a connection that closes while history is read is not subscribed", async () => {
    const node = new FakeNode([history])
    node.log.immediate = false
    const ann = node.connect()
    const subscribing = subscribe(node, ann, "log:a")
    await Promise.resolve()
    node.channels.unregister(ann.connection, { isGoodbye: false })
    for (const run of node.log.waiting.splice(0)) run()
    await subscribing
    expect(ann.lines).toEqual([])
    expect(node.channels.hub.channels.size).toBe(0)
  })
})

describe("revoking", () => {
  test("a subscribe that is still being decided is refused, and nothing of the channel arrives", async () => {
    const node = new FakeNode([ruleWith({ pattern: "chat:*", subscribe: "app" })])
    const asked = Promise.withResolvers<void>()
    node.channels.addOwner({ prefix: "chat:", ensureMaySubscribe: () => asked.promise })
    const ann = node.connect({ userId: "ann" })
    const subscribing = refusal(subscribe(node, ann, "chat:1"))
    asked.resolve()
    // Found to be a member a moment ago, and thrown out before the channel is held.
    node.channels.revokeUser("ann", "chat:1")
    expect(await subscribing).toBe("permission_denied")
    await publish(node, "chat:1", "1")
    expect(ann.lines).toEqual([])
    expect(await refusal(subscribe(node, ann, "chat:1"))).toBe("accepted")
  })
})

describe("refusals", () => {
  test("a channel is held once, also while the first subscribe is being decided", async () => {
    const node = new FakeNode([history])
    const ann = node.connect()
    const first = subscribe(node, ann, "log:a")
    expect(await refusal(subscribe(node, ann, "log:a"))).toBe("already_subscribed")
    await first
    expect(await refusal(subscribe(node, ann, "log:a"))).toBe("already_subscribed")
  })

  test("the channel limit counts subscribes under way", async () => {
    const node = new FakeNode([history], { maxChannelsPerConnection: 2 })
    const ann = node.connect()
    const results = await Promise.all(["log:a", "log:b", "log:c"].map((ch) => refusal(subscribe(node, ann, ch))))
    expect(results).toEqual(["accepted", "accepted", "limit_exceeded"])
  })

  test("names, rules and permissions are checked", async () => {
    const node = new FakeNode([ruleWith({ pattern: "u:*", subscribe: "user", publish: "subscriber" })])
    const [ann, nobody] = [node.connect({ userId: "ann" }), node.connect()]
    expect(await refusal(subscribe(node, ann, "x"))).toBe("unknown_channel")
    expect(await refusal(subscribe(node, ann, "u:\u00e9"))).toBe("bad_request")
    expect(await refusal(subscribe(node, ann, `u:${"a".repeat(300)}`))).toBe("bad_request")
    expect(await refusal(subscribe(node, nobody, "u:a"))).toBe("permission_denied")
    expect(await refusal(node.channels.publishFrom(ann.connection, "u:a", { data: "1" }))).toBe("permission_denied")
    await subscribe(node, ann, "u:a")
    expect(await refusal(node.channels.publishFrom(ann.connection, "u:a", { data: "1" }))).toBe("accepted")
  })

  test("a payload is measured in bytes", async () => {
    const node = new FakeNode([open], { maxPayloadBytes: 10 })
    expect(await refusal(node.channels.publish("a", { data: '"12345678"' }))).toBe("accepted")
    expect(await refusal(node.channels.publish("a", { data: '"你好世界"' }))).toBe("payload_too_large")
    expect(await refusal(node.channels.publish("a", { data: new Uint8Array(11) }))).toBe("payload_too_large")
  })

  test("connections per user are bounded", () => {
    const node = new FakeNode([open], { maxConnectionsPerUser: 2 })
    node.connect({ userId: "ann" })
    node.connect({ userId: "ann" })
    expect(() => node.connect({ userId: "ann" })).toThrow("2 connections")
  })

  test("an application decides over its own channels", async () => {
    const node = new FakeNode([ruleWith({ pattern: "chat:*", subscribe: "app" })])
    const ann = node.connect({ userId: "ann" })
    expect(await refusal(subscribe(node, ann, "chat:1"))).toBe("permission_denied")
    node.channels.addOwner({ prefix: "chat:", ensureMaySubscribe: async () => undefined })
    expect(await refusal(subscribe(node, ann, "chat:1"))).toBe("accepted")
  })
})

describe("presence", () => {
  test("joins and leaves reach those who asked, and the newcomer sees itself after its reply", async () => {
    const node = new FakeNode([room])
    const [ann, bob] = [node.connect({ userId: "ann" }), node.connect({ userId: "bob" })]
    await subscribe(node, ann, "room:1", { joinLeave: true })
    await subscribe(node, bob, "room:1")
    node.endTurn()
    expect(ann.lines).toEqual(["ok room:1", "room:1+c0", "room:1+c1"])
    expect(bob.lines).toEqual(["ok room:1"])
    expect([...node.channels.presence(ann.connection, "room:1").keys()]).toEqual(["c0", "c1"])
    node.channels.unregister(bob.connection, { isGoodbye: false })
    node.channels.tick(4_999)
    expect(node.channels.isPresent("room:1", "bob")).toBe(true)
    node.channels.tick(5_000)
    node.endTurn()
    expect(ann.lines.at(-1)).toBe("room:1-c1")
  })

  test("is refused to clients without permission, and in channels that have none", async () => {
    const node = new FakeNode([room, open])
    const ann = node.connect()
    expect(() => node.channels.presence(ann.connection, "room:1")).toThrow("may not read")
    expect(() => node.channels.presence(ann.connection, "news")).toThrow("no presence")
  })
})
