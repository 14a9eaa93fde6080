import { describe, expect, test } from "bun:test"
import { alice, grant, node, token, tokens } from "../testing/scene.ts"

describe("connect", () => {
  test("takes a token before the handshake's identity, and that before nobody", async () => {
    const identify = { identify: async () => ({ userId: "cookie" }) }
    const server = node({ tokens, identify })
    server.open().say({ id: 1, connect: { token: token(alice) } })
    server.open().say({ id: 1, connect: {} })
    await server.settle()
    expect([...server.channels.hub.all()].map(({ identity }) => identity.userId)).toEqual(["alice", "cookie"])
  })

  test("without any identity is refused with 3501 unless anonymous clients are allowed", async () => {
    const server = node({ config: { allowAnonymous: false } })
    const client = server.open()
    await client.ask({ id: 1, connect: {} })
    expect(client.closedWith).toEqual({ code: 3501, reason: "bad request: neither a token nor a login was sent" })
  })

  test("with a bad token is 3500, with an expired one error 109 and then a useless connection", async () => {
    const bad = node({ tokens }).open()
    await bad.ask({ id: 1, connect: { token: '{"kind":"invalid","why":"signature"}' } })
    expect(bad.closedWith).toEqual({ code: 3500, reason: "invalid token" })

    const late = node({ tokens }).open()
    const replies = await late.ask({ id: 1, connect: { token: '{"kind":"expired","why":"exp"}' } })
    expect(replies).toEqual([{ id: 1, error: { code: 109, message: "token expired" } }])
    expect(late.closedWith).toBeUndefined()
    await late.ask({ id: 2, subscribe: { channel: "open:a" } })
    expect(late.closedWith?.code).toBe(3501)
  })

  test("is the first command, and the only connect", async () => {
    const early = node().open()
    early.say({ id: 1, subscribe: { channel: "open:a" } })
    expect(early.closedWith?.code).toBe(3501)
    const twice = await node().connected()
    twice.say({ id: 2, connect: {} })
    expect(twice.closedWith?.code).toBe(3501)
  })

  test("tells expires and ttl only to clients that refresh by themselves", async () => {
    const server = node({ tokens })
    const expiresAtMs = 60_500
    const [own] = await server
      .open()
      .ask({ id: 1, connect: { token: token({ ...alice, expiresAtMs, clientRefreshes: true }) } })
    expect(own).toMatchObject({ connect: { expires: true, ttl: 61 } })
    const [ours] = await server.open().ask({ id: 1, connect: { token: token({ ...alice, expiresAtMs }) } })
    expect((ours as { connect: object }).connect).not.toContainAnyKeys(["expires", "ttl"])
  })

  test("beyond the user's connections is 3504, with too many server-side channels 3505", async () => {
    const limited = node({ tokens, limits: { maxConnectionsPerUser: 1 } })
    limited.open().say({ id: 1, connect: { token: token(alice) } })
    await limited.settle()
    const second = limited.open()
    await second.ask({ id: 1, connect: { token: token(alice) } })
    expect(second.closedWith?.code).toBe(3504)

    const channels = [{ channel: "open:a" }, { channel: "open:b" }]
    const crowded = node({ serverSubscriptions: () => channels, limits: { maxChannelsPerConnection: 1 } }).open()
    await crowded.ask({ id: 1, connect: {} })
    expect(crowded.closedWith?.code).toBe(3505)
  })

  test("refused for a server-side channel does not stay registered", async () => {
    const server = node({ serverSubscriptions: () => [{ channel: "nowhere" }] })
    const replies = await server.open().ask({ id: 1, connect: {} })
    expect(replies).toMatchObject([{ id: 1, error: { code: 102 } }])
    expect(server.channels.hub.connectionCount).toBe(0)
  })

  test("of a socket that closes meanwhile leaves nothing behind", async () => {
    const server = node()
    const client = server.open()
    client.say({ id: 1, connect: {} })
    client.drop()
    await server.settle()
    expect(server.channels.hub.connectionCount).toBe(0)
  })
})

describe("time", () => {
  test("a socket that never connects is stale after 10 s", () => {
    const server = node()
    const client = server.open()
    client.session.tick?.(9_999)
    expect(client.closedWith).toBeUndefined()
    client.session.tick?.(10_000)
    expect(client.closedWith).toEqual({ code: 3502, reason: "stale" })
  })

  test("a ping without a pong ends the connection, a pong without a ping too", async () => {
    const silent = await node().connected()
    silent.session.tick?.(25_000)
    expect(silent.frames).toEqual(["{}"])
    silent.session.tick?.(32_999)
    expect(silent.closedWith).toBeUndefined()
    silent.session.tick?.(33_000)
    expect(silent.closedWith).toEqual({ code: 3012, reason: "no pong" })

    const eager = await node().connected()
    eager.session.frame("{}")
    expect(eager.closedWith?.code).toBe(3501)
  })

  test("an identity that its client refreshes has 25 s of grace, another none", async () => {
    const server = node({ tokens })
    const own = server.open()
    const ours = server.open()
    await own.ask({ id: 1, connect: { token: token({ ...alice, expiresAtMs: 1_000, clientRefreshes: true }) } })
    await ours.ask({ id: 1, connect: { token: token({ ...alice, expiresAtMs: 1_000 }) } })
    for (const client of [own, ours]) client.session.tick?.(1_000)
    expect(own.closedWith).toBeUndefined()
    expect(ours.closedWith?.code).toBe(3005)
    own.session.tick?.(26_000)
    expect(own.closedWith?.code).toBe(3005)
  })

  test("a subscription ends 25 s after its token, with 2501; a server-side one with 3006", async () => {
    const server = node({ tokens })
    const client = await server.connected()
    const subscribe = { channel: "secret:a", token: grant({ expiresAtMs: 5_000 }) }
    expect(await client.ask({ id: 2, subscribe })).toEqual([{ id: 2, subscribe: { expires: true, ttl: 5 } }])
    client.session.tick?.(29_999)
    await server.settle()
    expect(client.take().filter((line) => JSON.stringify(line) !== "{}")).toEqual([])
    client.session.tick?.(30_000)
    await server.settle()
    expect(client.take()).toContainEqual({
      push: { channel: "secret:a", unsubscribe: { code: 2501, reason: "subscription expired" } },
    })
  })

  test("draining closes with 3001", async () => {
    const client = await node().connected()
    client.session.drain()
    expect(client.closedWith).toEqual({ code: 3001, reason: "shutdown" })
  })
})

describe("floods", () => {
  test("beyond the rate commands get error 111, beyond twice that the connection ends with 3013", async () => {
    const server = node({ config: { commandsPerSecond: 10, commandBurst: 20 } })
    const client = await server.connected()
    const publish = (id: number) => ({ id, publish: { channel: "open:a", data: 1 } })
    const replies = await client.ask(...Array.from({ length: 30 }, (_, n) => publish(n + 2)))
    expect(replies.filter((reply) => JSON.stringify(reply).includes('"code":111'))).toHaveLength(10)
    client.say(...Array.from({ length: 30 }, (_, n) => publish(n + 100)))
    expect(client.closedWith?.code).toBe(3013)
  })

  test("subscribes are counted apart", async () => {
    const client = await node({ config: { subscribesPerSecond: 1, subscribeBurst: 2 } }).connected()
    const subscribe = (id: number) => ({ id, subscribe: { channel: `open:${id}` } })
    const replies = await client.ask(subscribe(2), subscribe(3), subscribe(4), {
      id: 5,
      publish: { channel: "open:a", data: 1 },
    })
    expect(replies).toContainEqual({ id: 4, error: expect.objectContaining({ code: 111, temporary: true }) })
    expect(replies).toContainEqual({ id: 5, publish: {} })
  })

  test("frames that pile up behind slow commands are bounded", async () => {
    const server = node({ config: { maxCommandsInFlight: 2, maxBacklogBytes: 10_000, commandsPerSecond: 0 } })
    const client = await server.connected()
    server.log.immediate = false
    for (let n = 0; n < 1_000 && client.closedWith === undefined; n++)
      client.say({ id: n + 2, publish: { channel: "kept:a", data: n } })
    expect(client.closedWith?.code).toBe(3013)
    expect(server.log.waiting).toHaveLength(2)
  })

  test("tiny frames that pile up are bounded by what they cost, not by what is in them", async () => {
    const server = node({ config: { maxCommandsInFlight: 1, maxBacklogBytes: 10_000, commandsPerSecond: 0 } })
    const client = await server.connected()
    server.log.immediate = false
    client.say({ id: 2, publish: { channel: "kept:a", data: 1 } })
    let frames = 0
    for (; frames < 10_000 && client.closedWith === undefined; frames++) client.session.frame("\n")
    expect(client.closedWith?.code).toBe(3013)
    expect(frames).toBeLessThan(200)
  })
})

describe("what one turn says", () => {
  test("leaves as one frame", async () => {
    const server = node()
    const client = await server.connected()
    client.say({ id: 2, unsubscribe: { channel: "a" } }, { id: 3, publish: { channel: "open:x", data: 1 } })
    await server.settle()
    expect(client.frames.length).toBeLessThanOrEqual(2)
    expect(client.take()).toHaveLength(2)
  })
})

describe("payloads", () => {
  test("that are binary reach Protobuf clients, and end JSON subscribers with 3506", async () => {
    const server = node()
    const json = await server.connected()
    await json.ask({ id: 2, subscribe: { channel: "open:bin" } })
    await server.channels.publish("open:bin", { data: Uint8Array.from([0xff]) })
    await server.settle()
    expect(json.closedWith).toEqual({ code: 3506, reason: "inappropriate protocol" })
  })

  test("arrive as they were sent", async () => {
    const server = node()
    const client = await server.connected()
    await client.ask({ id: 2, subscribe: { channel: "open:a" } })
    const written = '{"z":1.0,"a":[1e3,"\\u00fc ü \\/"],"a":null}'
    client.session.frame(`{"publish":{"data":${written},"channel":"open:a"},"id":3}`)
    await server.settle()
    expect(client.frames.join("\n")).toContain(`"pub":{"data":${written},"info"`)
  })
})
