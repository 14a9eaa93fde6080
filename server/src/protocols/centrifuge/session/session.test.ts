import { describe, expect, test } from "bun:test"
import type { Identity } from "../../../core/connection.ts"
import { SkeinError } from "../../../core/errors.ts"
import { ruleWith } from "../../../core/testing/fake-node.ts"
import type { Tokens } from "../../../core/tokens.ts"
import { type NodeOptions, TestNode } from "../testing/node.ts"

const rules = [
  ruleWith({ pattern: "kept:*", historySize: 10, recovery: true }),
  ruleWith({ pattern: "secret:*", subscribe: "token" }),
  ruleWith({ pattern: "closed:*", publish: "nobody", read: "nobody" }),
  ruleWith({ pattern: "open:*" }),
]
const node = (options: Partial<NodeOptions> = {}) => new TestNode({ rules, ...options })
const alice: Identity = { userId: "alice" }

/** Tokens are JSON: what the verdict shall be. */
const tokens: Tokens = {
  connection: async (token) => JSON.parse(token),
  subscription: async (token) => JSON.parse(token),
}
const token = (identity: Identity) => JSON.stringify({ kind: "ok", identity })
const grant = (change: object = {}) => JSON.stringify({ kind: "ok", grant: change })

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

describe("subscribe", () => {
  test.each([
    [{ channel: "nowhere" }, 102],
    [{ channel: "open:ü" }, 107],
    [{ channel: `open:${"a".repeat(255)}` }, 107],
    [{ channel: "secret:a" }, 103],
    [{ channel: "secret:a", token: '{"kind":"invalid","why":"signature"}' }, 103],
    [{ channel: "secret:a", token: '{"kind":"expired","why":"exp"}' }, 109],
    [{ channel: "open:a", tf: { key: "k", cmp: "eq", val: "v" } }, 107],
    [{ channel: "open:a", type: 1 }, 108],
  ])("%j is refused with %i", async (subscribe, code) => {
    const client = await node({ tokens }).connected()
    expect(await client.ask({ id: 2, subscribe })).toMatchObject([{ id: 2, error: { code } }])
    expect(client.closedWith).toBeUndefined()
  })

  test.each([
    [{}, 3501],
    [{ channel: "" }, 3501],
    [{ channel: "open:a", delta: "bsdiff" }, 3501],
    [{ channel: "secret:a", token: '{"kind":"mismatch","why":"channel"}' }, 3500],
  ])("%j ends the connection with %i", async (subscribe, code) => {
    const client = await node({ tokens }).connected()
    await client.ask({ id: 2, subscribe })
    expect(client.closedWith?.code).toBe(code)
  })

  test("twice is 105, beyond the limit 106; delta fossil is granted without delta", async () => {
    const client = await node({ limits: { maxChannelsPerConnection: 1 } }).connected()
    const replies = await client.ask(
      { id: 2, subscribe: { channel: "open:a", delta: "fossil", flag: 1 } },
      { id: 3, subscribe: { channel: "open:a" } },
      { id: 4, subscribe: { channel: "open:b" } },
    )
    expect(replies).toContainEqual({ id: 2, subscribe: {} })
    expect(replies).toContainEqual({ id: 3, error: { code: 105, message: "already subscribed" } })
    expect(replies).toContainEqual({ id: 4, error: expect.objectContaining({ code: 106 }) })
  })

  test("an unsubscribe waits for the subscribe before it, and the next subscribe for that", async () => {
    const server = node()
    const client = await server.connected()
    server.log.immediate = false
    client.say(
      { id: 2, subscribe: { channel: "kept:a" } },
      { id: 3, unsubscribe: { channel: "kept:a" } },
      { id: 4, subscribe: { channel: "kept:a" } },
    )
    await server.settle()
    expect(client.take()).toEqual([])
    for (let read = 0; read < 2; read++) {
      server.log.waiting.shift()?.()
      await server.settle()
    }
    expect(client.take().map((reply) => (reply as { id: number }).id)).toEqual([2, 3, 4])
    expect([...([...server.channels.hub.all()][0]?.subscriptions.keys() ?? [])]).toEqual(["kept:a"])
  })

  test("10,000 in one frame: 128 are granted, the others refused with 106, none is lost", async () => {
    const server = node({ config: { subscribesPerSecond: 0, maxFrameBytes: 10_000_000 } })
    const client = await server.connected()
    const commands = Array.from({ length: 10_000 }, (_, n) => ({ id: n + 2, subscribe: { channel: `open:${n}` } }))
    client.say(...commands)
    const replies: unknown[] = []
    for (let turn = 0; turn < 200 && replies.length < commands.length; turn++) {
      await server.settle()
      replies.push(...client.take())
    }
    const refused = replies.filter((reply) => JSON.stringify(reply).includes('"code":106'))
    expect([replies.length, refused.length]).toEqual([10_000, 10_000 - 128])
    expect(client.closedWith).toBeUndefined()
  })
})

describe("commands", () => {
  test.each([
    [{ publish: { channel: "closed:a", data: 1 } }, 103],
    [{ publish: { channel: "open:a" } }, 107],
    [{ publish: { channel: "open:a", data: "x".repeat(70_000) } }, 413],
    [{ history: { channel: "open:a" } }, 108],
    [{ history: { channel: "closed:a" } }, 103],
    [{ history: { channel: "kept:a", since: { epoch: "other", offset: 1 } } }, 112],
    [{ history: { channel: "kept:a", since: { epoch: "e" }, reverse: true } }, 107],
    [{ presence: { channel: "open:a" } }, 108],
    [{ presence_stats: { channel: "closed:a" } }, 103],
    [{ rpc: { method: "m", data: {} } }, 108],
    [{ sub_refresh: { channel: "open:a", token: "t" } }, 103],
    [{ ping: {} }, 108],
  ])("%j is refused with %i", async (command, code) => {
    const client = await node({ config: { maxFrameBytes: 100_000 } }).connected()
    expect(await client.ask({ id: 2, ...command })).toMatchObject([{ id: 2, error: { code } }])
  })

  test.each([
    [{ publish: { data: 1 } }, 3501],
    [{ refresh: {} }, 3501],
    [{ refresh: { token: "t" } }, 3501],
    [{ send: { data: 1 } }, 3508],
    [{ unknown: {} }, 3501],
  ])("%j ends the connection with %i", async (command, code) => {
    const client = await node().connected()
    await client.ask({ id: 2, ...command })
    expect(client.closedWith?.code).toBe(code)
  })

  test("RPC hands over the data as written and the result as it is; unknown methods are 104", async () => {
    const seen: string[] = []
    const rpc = async (_: unknown, method: string, data: string) => {
      if (method === "none") throw new SkeinError("method_not_found")
      seen.push(data)
      return method === "void" ? undefined : '{"n": 1e2}'
    }
    const server = node({ rpc })
    const client = await server.connected()
    client.session.frame('{"id":2,"rpc":{"method":"m","data":{"b": 1.50, "a":"\\u0041"}}}')
    await server.settle()
    expect(seen).toEqual(['{"b": 1.50, "a":"\\u0041"}'])
    expect(client.frames.splice(0)).toEqual(['{"id":2,"rpc":{"data":{"n": 1e2}}}'])
    expect(await client.ask({ id: 3, rpc: { method: "void" } })).toEqual([{ id: 3, rpc: {} }])
    expect(await client.ask({ id: 4, rpc: { method: "none" } })).toMatchObject([{ error: { code: 104 } }])
  })

  test("a failure of ours is 100, temporary, without its text", async () => {
    const server = node({
      rpc: async () => {
        throw new Error("password of the database")
      },
    })
    const client = await server.connected()
    expect(await client.ask({ id: 2, rpc: { method: "m" } })).toEqual([
      { id: 2, error: { code: 100, message: "internal server error", temporary: true } },
    ])
    expect(server.logged).toEqual(["a client's command failed"])
  })

  test("refresh renews, and refuses another user (3500), another set of channels (3010), an old token (3005)", async () => {
    const server = node({ tokens })
    const first = { ...alice, expiresAtMs: 10_000, clientRefreshes: true }
    const connected = async () => {
      const client = server.open()
      await client.ask({ id: 1, connect: { token: token(first) } })
      return client
    }
    const refreshed = await connected()
    const [reply] = await refreshed.ask({ id: 2, refresh: { token: token({ ...first, expiresAtMs: 90_000 }) } })
    expect(reply).toMatchObject({ id: 2, refresh: { expires: true, ttl: 90 } })
    refreshed.session.tick?.(36_000)
    expect(refreshed.closedWith).toBeUndefined()
    const endings: [string, number][] = [
      [token({ ...first, userId: "bob" }), 3500],
      [token({ ...first, channels: [{ channel: "open:x" }] }), 3010],
      ['{"kind":"expired","why":"exp"}', 3005],
      ['{"kind":"invalid","why":"signature"}', 3500],
    ]
    for (const [second, code] of endings) {
      const client = await connected()
      await client.ask({ id: 2, refresh: { token: second } })
      expect(client.closedWith?.code).toBe(code)
    }
  })

  test("sub_refresh prolongs the subscription", async () => {
    const server = node({ tokens })
    const client = await server.connected()
    await client.ask({ id: 2, subscribe: { channel: "secret:a", token: grant({ expiresAtMs: 1_000 }) } })
    const sub_refresh = { channel: "secret:a", token: grant({ expiresAtMs: 100_000 }) }
    expect(await client.ask({ id: 3, sub_refresh })).toEqual([{ id: 3, sub_refresh: { expires: true, ttl: 100 } }])
    expect(await client.ask({ id: 4, sub_refresh: { channel: "secret:a" } })).toMatchObject([{ error: { code: 107 } }])
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
