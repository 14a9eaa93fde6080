import { describe, expect, test } from "bun:test"
import { CLOSE, UNSUBSCRIBE } from "../../../core/close-codes.ts"
import { ruleWith } from "../../../core/testing/fake-node.ts"
import { TestNode } from "../testing/node.ts"

/** The rules that break clients when a server gets them wrong (spec of the protocol, in the order of its reference). */

const everything = ruleWith({ historySize: 100, recovery: true, presence: true, joinLeave: true })
const plain = ruleWith({ pattern: "plain:*" })
const rules = [everything, plain]

test("1. every successful reply carries its result object, even when empty", async () => {
  const client = await new TestNode({ rules }).connected()
  expect(await client.ask({ id: 2, subscribe: { channel: "plain:a" } })).toEqual([{ id: 2, subscribe: {} }])
  expect(await client.ask({ id: 3, unsubscribe: { channel: "plain:a" } })).toEqual([{ id: 3, unsubscribe: {} }])
  expect(await client.ask({ id: 4, publish: { channel: "plain:a", data: {} } })).toEqual([{ id: 4, publish: {} }])
  expect(await client.ask({ id: 5, unsubscribe: { channel: "never" } })).toEqual([{ id: 5, unsubscribe: {} }])
})

test("2. close reasons are non-empty plain text, not JSON, at most 123 bytes", async () => {
  const reasons: string[] = [...Object.values(CLOSE), ...Object.values(UNSUBSCRIBE)].map(({ reason }) => reason)
  const node = new TestNode({ rules })
  for (const frame of ["{", "[]", "5", '{"id":1}', `{"id":1,"publish":{"channel":${"9".repeat(500)}}}`, ""]) {
    const client = await node.connected()
    client.session.frame(frame)
    expect(client.closedWith?.code).toBe(3501)
    reasons.push(client.closedWith?.reason ?? "")
  }
  for (const reason of reasons) {
    expect(reason.trim()).not.toBe("")
    expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(123)
    expect(() => JSON.parse(reason)).toThrow()
  }
})

test("3. pings go out on schedule even on a busy connection", async () => {
  const node = new TestNode({ rules })
  const client = await node.connected()
  let pings = 0
  for (let second = 0; second < 100; second++) {
    node.clock.advance(1_000)
    await client.ask({ id: second + 2, publish: { channel: "plain:a", data: 1 } })
    client.session.tick?.(node.clock.nowMs())
    for (const frame of client.frames.splice(0)) {
      if (frame !== "{}") continue
      pings++
      client.session.frame("{}")
    }
  }
  // The first after 12.5–25 s, then every 25 s.
  expect(pings).toBeGreaterThanOrEqual(3)
  expect(pings).toBeLessThanOrEqual(4)
  expect(client.closedWith).toBeUndefined()
})

test("4. a type in subscribe, publish or sub_refresh is refused with 108, not ignored", async () => {
  const client = await new TestNode({ rules }).connected()
  for (const type of [1, 2, 3, 4]) {
    const [subscribed] = await client.ask({ id: 2, subscribe: { channel: "a", type } })
    expect(subscribed).toMatchObject({ id: 2, error: { code: 108 } })
    const [published] = await client.ask({ id: 3, publish: { channel: "a", type, data: 1 } })
    expect(published).toMatchObject({ id: 3, error: { code: 108 } })
    const [refreshed] = await client.ask({ id: 4, sub_refresh: { channel: "a", type, token: "t" } })
    expect(refreshed).toMatchObject({ id: 4, error: { code: 108 } })
  }
})

// Rule 5, an empty Sec-WebSocket-Protocol header, is the gateway's: test/centrifuge/wire.test.ts.

describe("6. a recovering subscribe returns the client's own offset", () => {
  test("and what was missed, when it succeeds", async () => {
    const node = new TestNode({ rules })
    const client = await node.connected()
    for (let n = 1; n <= 4; n++) await node.channels.publish("a", { data: String(n) })
    const [reply] = await client.ask({ id: 2, subscribe: { channel: "a", recover: true, epoch: "e", offset: 2 } })
    expect(reply).toMatchObject({
      subscribe: {
        epoch: "e",
        offset: 2,
        was_recovering: true,
        recovered: true,
        publications: [{ offset: 3 }, { offset: 4 }],
      },
    })
  })

  test("or the top and no publications, when it fails", async () => {
    const node = new TestNode({ rules })
    const client = await node.connected()
    for (let n = 1; n <= 4; n++) await node.channels.publish("a", { data: String(n) })
    node.log.forgetOldest("a")
    const [lost, other] = await client.ask(
      { id: 2, subscribe: { channel: "a", recover: true, epoch: "e" } },
      { id: 3, subscribe: { channel: "b", recover: true, epoch: "_" } },
    )
    expect(lost).toEqual({
      id: 2,
      subscribe: { recoverable: true, positioned: true, epoch: "e", offset: 4, was_recovering: true },
    })
    expect(other).toEqual({
      id: 3,
      subscribe: { recoverable: true, positioned: true, epoch: "e", was_recovering: true },
    })
  })

  test("or error 112 when the client asked for it with flag 2", async () => {
    const client = await new TestNode({ rules }).connected()
    const subscribe = { channel: "a", recover: true, epoch: "other", offset: 3, flag: 3 }
    const [reply] = await client.ask({ id: 2, subscribe })
    expect(reply).toMatchObject({ id: 2, error: { code: 112 } })
  })
})

test("7. the epoch is there on the first subscribe, though nothing was ever published", async () => {
  const client = await new TestNode({ rules }).connected()
  expect(await client.ask({ id: 2, subscribe: { channel: "a" } })).toEqual([
    { id: 2, subscribe: { recoverable: true, positioned: true, epoch: "e" } },
  ])
})

test("8. each connect reply lists all server-side subscriptions, with recovery", async () => {
  const node = new TestNode({
    rules,
    serverSubscriptions: () => [{ channel: "#42" }, { channel: "plain:news", data: '{"hello":1}' }],
  })
  for (let n = 1; n <= 3; n++) await node.channels.publish("#42", { data: String(n) })
  const [first] = await node.open().ask({ id: 1, connect: {} })
  expect(first).toMatchObject({
    connect: { subs: { "#42": { recoverable: true, epoch: "e", offset: 3 }, "plain:news": { data: { hello: 1 } } } },
  })
  const subs = { "#42": { recover: true, epoch: "e", offset: 1 } }
  const [again] = await node.open().ask({ id: 1, connect: { subs } })
  expect(again).toMatchObject({
    connect: {
      subs: { "#42": { offset: 1, recovered: true, publications: [{ offset: 2 }, { offset: 3 }] }, "plain:news": {} },
    },
  })
})

test("who comes and goes is not told on channels that an application adds: a connect has one answer, and no more", async () => {
  const node = new TestNode({ rules, serverSubscriptions: () => [{ channel: "#42" }] })
  const client = node.open()
  expect(await client.ask({ id: 1, connect: {} })).toHaveLength(1)
  await node.open().ask({ id: 1, connect: {} })
  expect(client.take()).toEqual([])
})

describe("9. the reply comes before anything of the channel", () => {
  test("to a subscribe whose history is being read while others publish", async () => {
    const node = new TestNode({ rules })
    const client = await node.connected()
    node.log.immediate = false
    client.say({ id: 2, subscribe: { channel: "a" } })
    await node.settle()
    void node.channels.publish("a", { data: "1" })
    void node.channels.publish("a", { data: "2" })
    while (node.log.waiting.length > 0) {
      node.log.waiting.pop()?.()
      await node.settle()
    }
    const [reply, ...pushes] = client.take() as [{ subscribe: { offset?: number } }, ...unknown[]]
    const offset = reply.subscribe.offset ?? 0
    const missing = [1, 2]
      .filter((n) => n > offset)
      .map((n) => ({ push: { channel: "a", pub: { offset: n, data: n } } }))
    expect(pushes).toMatchObject(missing)
  })

  test("to a connect whose server-side subscriptions take different times", async () => {
    const quiet = ruleWith({ historySize: 100, recovery: true })
    const node = new TestNode({ rules: [quiet], serverSubscriptions: () => [{ channel: "a" }, { channel: "b" }] })
    const client = node.open()
    node.log.immediate = false
    client.say({ id: 1, connect: {} })
    await node.settle()
    node.log.waiting.shift()?.()
    await node.settle()
    node.log.immediate = true
    await node.channels.publish("a", { data: "1" })
    await node.settle()
    expect(client.take()).toEqual([])
    for (const run of node.log.waiting.splice(0)) run()
    await node.settle()
    await node.channels.publish("a", { data: "2" })
    await node.settle()
    expect(client.take()).toMatchObject([
      { id: 1, connect: { subs: { a: { offset: 1 }, b: {} } } },
      { push: { channel: "a", pub: { data: 2, offset: 2 } } },
    ])
  })
})

test("10. what SDKs read unguarded is always there", async () => {
  const node = new TestNode({ rules })
  const client = await node.connected()
  await client.ask({ id: 2, subscribe: { channel: "a", join_leave: true } })
  const [history] = await client.ask({ id: 3, history: { channel: "a" } })
  expect(history).toEqual({ id: 3, history: { publications: [], epoch: "e", offset: 0 } })
  const other = await node.connected()
  await other.ask({ id: 2, subscribe: { channel: "a" } })
  expect(client.take()).toMatchObject([{ push: { join: { info: { user: "", client: expect.any(String) } } } }])
  const [presence, stats] = await client.ask(
    { id: 4, presence: { channel: "a" } },
    { id: 5, presence_stats: { channel: "a" } },
  )
  expect(Object.keys((presence as { presence: { presence: object } }).presence.presence)).toHaveLength(2)
  expect(stats).toEqual({ id: 5, presence_stats: { num_clients: 2, num_users: 1 } })
  const [error] = await client.ask({ id: 6, presence: { channel: "plain:a" } })
  expect(error).toMatchObject({ error: { code: expect.any(Number), message: expect.stringMatching(/./) } })
  for (const connection of node.channels.hub.all()) node.channels.revoke(connection, "a")
  await node.settle()
  expect(client.take()).toContainEqual({
    push: { channel: "a", unsubscribe: { code: 2000, reason: "server unsubscribe" } },
  })
})

// Rule 11, Protobuf beside JSON: codec/codecs.test.ts and test/centrifuge/clients.test.ts.

test("12. a first frame with connect and everything else is served, each channel's commands in order", async () => {
  const client = new TestNode({ rules }).open()
  const replies = await client.ask(
    { connect: {}, id: 1 },
    { subscribe: { channel: "a" }, id: 2 },
    { subscribe: { channel: "plain:a" }, id: 3 },
    { publish: { channel: "plain:a", data: { n: 1 } }, id: 4 },
    { unsubscribe: { channel: "a" }, id: 5 },
    { subscribe: { channel: "a" }, id: 6 },
  )
  expect(replies[0]).toMatchObject({
    id: 1,
    connect: { client: expect.any(String), version: "0.0.1", ping: 25, pong: true },
  })
  const ofPlain = replies.filter((reply) => /plain|"id":[34]/.test(JSON.stringify(reply)))
  expect(ofPlain).toMatchObject([
    { id: 3, subscribe: {} },
    { push: { channel: "plain:a", pub: { data: { n: 1 }, info: { user: "" } } } },
    { id: 4, publish: {} },
  ])
  const ofA = replies.filter((reply) => /"id":[256]/.test(JSON.stringify(reply)))
  expect(ofA).toMatchObject([
    { id: 2, subscribe: { epoch: "e" } },
    { id: 5, unsubscribe: {} },
    { id: 6, subscribe: { epoch: "e" } },
  ])
})
