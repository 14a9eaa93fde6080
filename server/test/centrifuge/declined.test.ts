import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test"
import { type Centrifuge, type Error as ClientError, State } from "centrifuge"
import type { TestServer } from "../support/server.ts"
import { until } from "../support/until.ts"
import { Heard, newClient, startServer, value, WAYS } from "./support.ts"

/** What the unmodified SDK makes of features that the server has only in part, or not at all. */

let server: TestServer
const clients: Centrifuge[] = []
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.stop())
afterEach(() => {
  for (const client of clients.splice(0)) client.disconnect()
})

const sockets = WAYS.filter(({ transport }) => transport === "websocket")

describe.each(sockets.map((way) => [way.name, way] as const))("%s", (name, way) => {
  async function connected(): Promise<Centrifuge> {
    const client = newClient(server, way)
    clients.push(client)
    client.connect()
    await client.ready(10_000)
    return client
  }

  /** The code that a subscription ends with. */
  const ended = (subscription: ReturnType<Centrifuge["newSubscription"]>) =>
    new Promise<number>((resolve) => {
      subscription.on("unsubscribed", ({ code }) => resolve(code))
      subscription.subscribe()
    })

  test("map subscriptions and tags filters end with a code, and the connection lives on", async () => {
    const client = await connected()
    expect(await ended(client.newMapSubscription("room:map") as never)).toBe(108)
    const filter = { key: "lang", cmp: "eq", val: "de" } as const
    expect(await ended(client.newSubscription("room:filter", { tagsFilter: filter }))).toBe(107)
    expect(client.state).toBe(State.Connected)
  })

  test("who asks for deltas gets publications whole", async () => {
    const client = await connected()
    const channel = `room:delta-${name}`.replaceAll(/[^\w:]/g, "-")
    const subscription = client.newSubscription(channel, { delta: "fossil" })
    const heard = new Heard(way, subscription)
    subscription.subscribe()
    await subscription.ready(10_000)
    for (const n of [1, 2]) await server.api("publish", { channel, data: { n, text: "ü".repeat(50) }, delta: true })
    await until(() => heard.publications.length === 2, "both")
    expect(heard.publications).toEqual([1, 2].map((n) => ({ n, text: "ü".repeat(50) })))
  })

  test("send ends the connection for good: nothing listens to it", async () => {
    const client = await connected()
    const end = new Promise<number>((resolve) => client.on("disconnected", ({ code }) => resolve(code)))
    client.send(way.protobuf ? new TextEncoder().encode("1") : 1).catch((_: ClientError) => undefined)
    expect(await end).toBe(3508)
  })

  test("getState is asked again exactly when the history no longer reaches back", async () => {
    const channel = `short:state-${name}`.replaceAll(/[^\w:]/g, "-")
    const position = async () => (await server.api("history", { channel, limit: 0 })).result as never
    const asked: unknown[] = []
    const client = await connected()
    const subscription = client.newSubscription(channel, {
      minResubscribeDelay: 10,
      maxResubscribeDelay: 50,
      getState: async () => {
        asked.push(await position())
        return asked.at(-1) as never
      },
    })
    const heard: unknown[] = []
    const recoveries: boolean[] = []
    subscription.on("publication", ({ data }) => void heard.push(value(way, data)))
    subscription.on("subscribed", ({ recovered }) => void recoveries.push(recovered))
    const publish = (data: number) => server.api("publish", { channel, data })

    await publish(1)
    subscription.subscribe()
    await until(() => recoveries.length === 1, "subscribed at the state's position")
    client.disconnect()
    await publish(2)
    client.connect()
    await until(() => heard.length === 1, "the missed one")
    expect([asked.length, heard]).toEqual([1, [2]])

    client.disconnect()
    for (const data of [3, 4, 5]) await publish(data)
    client.connect()
    await until(() => recoveries.length === 3, "subscribed at the new state's position")
    await publish(6)
    await until(() => heard.length === 2, "what comes after it")
    expect(asked).toMatchObject([{ offset: 1 }, { offset: 5 }])
    expect(heard).toEqual([2, 6])
    expect(recoveries).toEqual([true, true, true])
  })
})
