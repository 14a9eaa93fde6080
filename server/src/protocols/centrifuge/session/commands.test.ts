import { describe, expect, test } from "bun:test"
import { SkeinError } from "../../../core/errors.ts"
import { ruleWith } from "../../../core/testing/fake-node.ts"
import { alice, grant, node, token, tokens } from "../testing/scene.ts"

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

  test("pages of history are read one after the other: each may be megabytes, and asking for one is a line", async () => {
    const server = node()
    const client = await server.connected()
    await client.ask({ id: 2, subscribe: { channel: "kept:a" } }, { id: 3, subscribe: { channel: "kept:b" } })
    server.log.immediate = false
    client.say(
      { id: 4, history: { channel: "kept:a", limit: 9 } },
      { id: 5, history: { channel: "kept:b", limit: 9 } },
      { id: 6, history: { channel: "kept:a", limit: 9 } },
    )
    const answered: number[] = []
    for (let read = 0; read < 3; read++) {
      await server.settle()
      expect(server.log.waiting).toHaveLength(1)
      server.log.waiting.shift()?.()
      await server.settle()
      answered.push(...client.take().map((reply) => (reply as { id: number }).id))
    }
    expect(answered).toEqual([4, 5, 6])
    // Nobody is there any more: what waited is not read.
    client.say({ id: 7, history: { channel: "kept:a", limit: 9 } }, { id: 8, history: { channel: "kept:b", limit: 9 } })
    await server.settle()
    client.drop()
    server.log.waiting.shift()?.()
    await server.settle()
    expect(server.log.waiting).toHaveLength(0)
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

test("asking who so many are costs as many commands as it is work", async () => {
  const crowd = ruleWith({ pattern: "crowd:*", presence: true })
  const server = node({ rules: [crowd], config: { commandsPerSecond: 1, commandBurst: 10 } })
  const presence = { channel: "crowd:a" }
  const asked = async (members: number) => {
    const client = await server.connected()
    while ([...server.channels.presence(undefined, "crowd:a")].length < members)
      await (await server.connected()).ask({ id: 2, subscribe: presence })
    await client.ask({ id: 2, subscribe: presence })
    const ids = Array.from({ length: 10 }, (_, n) => n + 3)
    const replies = (await client.ask(...ids.map((id) => ({ id, presence })))) as { error?: { code: number } }[]
    return replies.map(({ error }) => error?.code ?? "told")
  }
  expect(await asked(90)).toEqual(Array.from({ length: 10 }, () => "told"))
  // Three each, of ten.
  const codes = await asked(200)
  expect([codes.slice(0, 3), codes.slice(3, 10)]).toEqual([
    ["told", "told", "told"],
    Array.from({ length: 7 }, () => 111),
  ])
})
