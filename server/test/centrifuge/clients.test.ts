import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test"
import { type Centrifuge, State } from "centrifuge"
import type { TestServer } from "../support/server.ts"
import { until } from "../support/until.ts"
import { Heard, jwt, newClient, payload, startServer, value, WAYS } from "./support.ts"

/** The unmodified `centrifuge` package, every transport and both formats, against the real program. */

let server: TestServer
const clients: Centrifuge[] = []
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())
afterEach(() => {
  for (const client of clients.splice(0)) client.disconnect()
})

let rooms = 0
const newRoom = (prefix = "room") => `${prefix}:${rooms++}`

describe.each(WAYS.map((way) => [way.name, way] as const))("%s", (_name, way) => {
  async function connected(options: Parameters<typeof newClient>[2] = {}): Promise<Centrifuge> {
    const client = newClient(server, way, options)
    clients.push(client)
    client.connect()
    await client.ready(10_000)
    return client
  }

  async function subscribed(client: Centrifuge, channel: string, options = {}) {
    const subscription = client.newSubscription(channel, options)
    const heard = new Heard(way, subscription)
    subscription.subscribe()
    await subscription.ready(10_000)
    return { subscription, heard }
  }

  test("publishes and hears what it published, and what the back end did", async () => {
    const channel = newRoom()
    const client = await connected({ token: await jwt({ sub: "ann", info: { name: "Ann" } }) })
    const { subscription, heard } = await subscribed(client, channel)
    await subscription.publish(payload(way, { text: "你好 \u{1f44b}", n: 1.5 }))
    await server.api("publish", { channel, data: ["from", "php"] })
    await until(() => heard.publications.length === 2, "both publications")
    expect(heard.publications).toEqual([{ text: "你好 \u{1f44b}", n: 1.5 }, ["from", "php"]])
    expect(heard.offsets).toEqual([1, 2])
  })

  test("reads history with a position", async () => {
    const channel = newRoom()
    const client = await connected()
    const { subscription } = await subscribed(client, channel)
    for (let n = 1; n <= 3; n++) await subscription.publish(payload(way, n))
    const page = await subscription.history({ limit: 2 })
    expect(page.publications.map(({ data, offset }) => [value(way, data), Number(offset)])).toEqual([
      [1, 1],
      [2, 2],
    ])
    const rest = await subscription.history({ limit: 10, since: { offset: 2, epoch: page.epoch } })
    expect(rest.publications.map(({ offset }) => Number(offset))).toEqual([3])
    const newest = await subscription.history({ limit: 1, reverse: true })
    expect(newest.publications.map(({ offset }) => Number(offset))).toEqual([3])
    await expect(subscription.history({ limit: 1, since: { offset: 1, epoch: "other" } })).rejects.toMatchObject({
      code: 112,
    })
  })

  test("sees who is present, who joins and who leaves", async () => {
    const channel = newRoom()
    const ann = await connected({ token: await jwt({ sub: "ann" }) })
    const { subscription, heard } = await subscribed(ann, channel, { joinLeave: true })
    const bob = await connected({ token: await jwt({ sub: "bob" }) })
    const other = await subscribed(bob, channel)
    await until(() => heard.joins.length >= 1, "Bob's joining")
    const { clients: present } = await subscription.presence()
    expect(
      Object.values(present)
        .map(({ user }) => user)
        .sort(),
    ).toEqual(["ann", "bob"])
    expect(await subscription.presenceStats()).toMatchObject({ numClients: 2, numUsers: 2 })
    other.subscription.unsubscribe()
    await until(() => heard.leaves.length === 1, "Bob's leaving")
  })

  test("recovers all it missed, and is told when that cannot be", async () => {
    for (const [channel, recovered, expected] of [
      [newRoom("room"), true, [1, 2, 3, 4, 5]],
      [newRoom("short"), false, [1]],
    ] as const) {
      const client = await connected()
      const { heard } = await subscribed(client, channel)
      await server.api("publish", { channel, data: 1 })
      await until(() => heard.publications.length === 1, "the first publication")
      client.disconnect()
      for (let n = 2; n <= 5; n++) await server.api("publish", { channel, data: n })
      client.connect()
      await until(() => heard.subscribed.length === 2, "subscribed again")
      expect(heard.subscribed[1]).toEqual({ wasRecovering: true, recovered })
      await server.api("publish", { channel, data: 6 })
      await until(() => heard.publications.at(-1) === 6, "what comes after")
      expect(heard.publications).toEqual([...expected, 6])
      client.disconnect()
    }
  })

  test("is given server-side subscriptions by its token, with recovery", async () => {
    const user = `u${rooms++}`
    const client = newClient(server, way, { token: await jwt({ sub: user, channels: [`#${user}`] }) })
    clients.push(client)
    const heard: unknown[] = []
    const recoveries: boolean[] = []
    client.on("publication", ({ data }) => void heard.push(value(way, data)))
    client.on("subscribed", ({ recovered }) => void recoveries.push(recovered))
    client.connect()
    await until(() => recoveries.length === 1, "subscribed by the server")
    await server.api("publish", { channel: `#${user}`, data: 1 })
    await until(() => heard.length === 1, "the first")
    client.disconnect()
    await server.api("publish", { channel: `#${user}`, data: 2 })
    client.connect()
    await until(() => heard.length === 2, "the missed one")
    expect(heard).toEqual([1, 2])
    expect(recoveries).toEqual([false, true])
  })

  test("is subscribed, unsubscribed and disconnected by the API", async () => {
    const user = `u${rooms++}`
    const client = await connected({ token: await jwt({ sub: user }) })
    const heard: unknown[] = []
    const events: string[] = []
    client.on("publication", ({ data }) => void heard.push(value(way, data)))
    client.on("subscribed", ({ channel }) => void events.push(`+${channel}`))
    client.on("unsubscribed", ({ channel }) => void events.push(`-${channel}`))
    const channel = newRoom()
    expect(await server.api("subscribe", { user, channel })).toEqual({ result: {} })
    await until(() => events.length === 1, "subscribed")
    await server.api("publish", { channel, data: "x" })
    await until(() => heard.length === 1, "the publication")
    await server.api("unsubscribe", { user, channel })
    await until(() => events.length === 2, "unsubscribed")
    expect(events).toEqual([`+${channel}`, `-${channel}`])
    const closed = new Promise<{ code: number; reason: string }>((resolve) => client.on("disconnected", resolve))
    await server.api("disconnect", { user, disconnect: { code: 4501, reason: "go away" } })
    expect(await closed).toMatchObject({ code: 4501, reason: "go away" })
  })

  test("is refused in the words of the protocol", async () => {
    const client = await connected()
    // 108 without any RPC, 104 when there is some (the chat's) but not this one.
    const refusal = await client.rpc("no such method", payload(way, {})).catch((error: { code: number }) => error)
    expect([104, 108]).toContain((refusal as { code: number }).code)
    await expect(client.publish("room:unsubscribed", payload(way, 1))).rejects.toMatchObject({ code: 103 })
    const subscription = client.newSubscription("nowhere:x")
    const ended = new Promise<{ code: number }>((resolve) => subscription.on("unsubscribed", resolve))
    subscription.subscribe()
    expect((await ended).code).toBe(102)
  })

  test("opens channels with subscription tokens, and refreshes those and its own", async () => {
    const user = `u${rooms++}`
    const channel = newRoom("secret")
    let refreshes = 0
    const client = await connected({
      token: await jwt({ sub: user }, 2),
      getToken: () => {
        refreshes++
        return jwt({ sub: user }, 3_600)
      },
    })
    const tokens: string[] = []
    const { subscription, heard } = await subscribed(client, channel, {
      getToken: async () => {
        const token = await jwt({ sub: user, channel }, tokens.length === 0 ? 2 : 3_600)
        tokens.push(token)
        return token
      },
    })
    await subscription.publish(payload(way, 1))
    await until(() => heard.publications.length === 1, "the publication")
    await until(() => refreshes === 1 && tokens.length === 2, "both refreshes")
    // Refused, they would end one or the other: what is asked behind them is answered behind them.
    for (const n of [2, 3]) await subscription.publish(payload(way, n))
    await until(() => heard.publications.length === 3, "what comes after")
    expect(client.state).toBe(State.Connected)
    expect([heard.subscribed.length, heard.unsubscribed]).toEqual([1, []])
  })

  test("a bad token ends it, an expired one asks for another", async () => {
    const bad = newClient(server, way, { token: `${await jwt({ sub: "x" })}x` })
    clients.push(bad)
    const ended = new Promise<{ code: number }>((resolve) => bad.on("disconnected", resolve))
    bad.connect()
    expect((await ended).code).toBe(3500)
    const late = await connected({ token: await jwt({ sub: "x" }, -10), getToken: () => jwt({ sub: "x" }) })
    expect(late.state).toBe(State.Connected)
  })
})

test("bytes that are no JSON travel between Protobuf clients untouched", async () => {
  const { subscription, heard } = await binarySubscriber(newRoom("bytes"))
  const bytes = Uint8Array.from({ length: 256 }, (_, n) => n)
  await subscription.publish(bytes)
  await until(() => heard.length === 1, "the bytes")
  expect([...(heard[0] ?? [])]).toEqual([...bytes])
})

test("and cannot be used to throw the clients that speak JSON out of a channel", async () => {
  const channel = newRoom()
  const [text] = WAYS
  if (text === undefined) throw new Error("no JSON way")
  const client = newClient(server, text)
  clients.push(client)
  const victim = client.newSubscription(channel)
  const heard = new Heard(text, victim)
  client.connect()
  victim.subscribe()
  await victim.ready(10_000)
  const { subscription } = await binarySubscriber(channel)
  await expect(subscription.publish(Uint8Array.of(255, 0))).rejects.toMatchObject({ code: 107 })
  await expect(subscription.publish(new Uint8Array(0))).rejects.toMatchObject({ code: 107 })
  await subscription.publish(new TextEncoder().encode('"JSON"'))
  await until(() => heard.publications.length === 1, "what follows")
  expect(heard.publications).toEqual(["JSON"])
  expect(client.state).toBe(State.Connected)
})

async function binarySubscriber(channel: string) {
  const [, binary] = WAYS
  if (binary === undefined) throw new Error("no Protobuf way")
  const client = newClient(server, binary)
  clients.push(client)
  const subscription = client.newSubscription(channel)
  const heard: Uint8Array[] = []
  subscription.on("publication", ({ data }) => void heard.push(data))
  client.connect()
  subscription.subscribe()
  await subscription.ready(10_000)
  return { subscription, heard }
}
