import { expect, test } from "bun:test"
import type { SubscribeResult } from "./connection.ts"
import { FakeNode, ruleWith } from "./testing/fake-node.ts"

test("who asks for the newest publication gets it with the reply, also when it came while history was read", async () => {
  const node = new FakeNode([ruleWith({ historySize: 1, recovery: false })])
  const results: SubscribeResult[] = []
  const subscribe = () =>
    node.channels.subscribe(node.connect().connection, "cache", { newest: true }, (result) => void results.push(result))
  await subscribe()
  await node.channels.publish("cache", { data: "1" })
  await subscribe()
  node.log.immediate = false
  const pending = subscribe()
  await Promise.resolve()
  node.log.immediate = true
  await node.channels.publish("cache", { data: "2" })
  node.log.waiting.shift()?.()
  await pending
  expect(results.map(({ publications }) => publications.map(({ data }) => data))).toEqual([[], ["1"], ["2"]])
})

test("a token can name who the connection is in one channel", async () => {
  const node = new FakeNode([ruleWith({ presence: true, subscribe: "token" })])
  const ann = node.connect()
  await node.channels.subscribe(ann.connection, "presence-x", { token: { userId: "7", info: "{}" } }, () => undefined)
  expect([...node.channels.presence(undefined, "presence-x").values()]).toMatchObject([{ user: "7", chanInfo: "{}" }])
})

test("a connection that proves later who it is counts as that user's", () => {
  const node = new FakeNode([], { maxConnectionsPerUser: 1 })
  const [one, two] = [node.connect(), node.connect()]
  node.channels.identify(one.connection, { userId: "ann" })
  expect(node.channels.hub.ofUser("ann")).toEqual([one.connection])
  expect(() => node.channels.identify(two.connection, { userId: "ann" })).toThrow("already has 1")
  node.channels.unregister(one.connection, { isGoodbye: true })
  expect(node.channels.hub.userCount).toBe(0)
})

test("observers are told who comes and goes, with the count of the moment", async () => {
  const node = new FakeNode([ruleWith({ presence: true })])
  const told: string[] = []
  node.channels.observe({
    subscribed: (channel, count) => void told.push(`+${channel} ${count}`),
    unsubscribed: (channel, count) => void told.push(`-${channel} ${count}`),
    presence: ({ kind, info }) => void told.push(`${kind} ${info.client}`),
  })
  const [ann, bob] = [node.connect(), node.connect()]
  await node.channels.subscribe(ann.connection, "a", {}, () => undefined)
  await node.channels.subscribe(bob.connection, "a", {}, () => undefined)
  node.channels.unsubscribe(ann.connection, "a")
  node.channels.unregister(bob.connection, { isGoodbye: true })
  expect(told).toEqual(["+a 1", "join c0", "+a 2", "join c1", "-a 1", "leave c0", "-a 0", "leave c1"])
})

test("a connection that its own reply ends is in none of the channels, and nobody's member for ever", async () => {
  const node = new FakeNode([ruleWith({ presence: true })])
  const ann = node.connect()
  const told: string[] = []
  node.channels.observe({ presence: ({ kind, channel }) => void told.push(`${kind} ${channel}`) })
  const requests = new Map([
    ["a", {}],
    ["b", {}],
  ])
  await node.channels.subscribeAll(ann.connection, requests, () =>
    node.channels.unregister(ann.connection, { isGoodbye: false }),
  )
  expect(
    node.channels.presenceStats(undefined, "a").clients + node.channels.presenceStats(undefined, "b").clients,
  ).toBe(0)
  expect([node.topics.count("t>a"), node.topics.count("t>b"), node.channels.hub.channels.size]).toEqual([0, 0, 0])
  expect(told).toEqual([])
})

test("in an application's channel that many are in, who comes is told of nobody, and the others of the newcomer", async () => {
  const node = new FakeNode([
    ruleWith({ pattern: "chat:*", subscribe: "app", presence: true, joinLeave: true }),
    ruleWith({ presence: true, joinLeave: true }),
  ])
  node.channels.addOwner({ prefix: "chat:", maxUsersTold: 2, ensureMaySubscribe: async () => undefined })
  const people = ["ann", "bob", "cy", "dee", "eve"].map((userId) => node.connect({ userId }))
  for (const channel of ["chat:1", "open"])
    for (const { connection } of people)
      await node.channels.subscribe(connection, channel, { joinLeave: true }, () => undefined)
  // Two were there when the third came: that is not too many yet.
  expect([node.topics.count("t&chat:1"), node.topics.count("t&open")]).toEqual([3, 5])
  expect(node.channels.presenceStats(undefined, "chat:1").users).toBe(5)
  for (const { connection } of people) node.channels.unsubscribe(connection, "chat:1")
  expect(node.topics.count("t&chat:1")).toBe(0)
})
