import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test"
import type { Centrifuge } from "centrifuge"
import { TestServer } from "../support/server.ts"
import { until } from "../support/until.ts"
import { newClient, startServer, value, WAYS } from "./support.ts"

/** Histories larger than what may wait for one client: `limits.max_outbound_bytes`. */

const COUNT = 60
const TEXT = "x".repeat(3_000)

let server: TestServer
let byDefault: TestServer
const clients: Centrifuge[] = []
beforeAll(async () => {
  server = await startServer({ SKEIN_LIMITS_MAX_OUTBOUND_BYTES: "65536" })
  byDefault = await TestServer.start()
})
afterAll(async () => {
  await server?.stop()
  await byDefault?.stop()
})
afterEach(() => {
  for (const client of clients.splice(0)) client.disconnect()
})

let rooms = 0
async function longRoom(): Promise<{ channel: string; epoch: string }> {
  const channel = `room:${rooms++}`
  const commands = Array.from({ length: COUNT }, (_, n) => ({ publish: { channel, data: { n: n + 1, TEXT } } }))
  await server.api("batch", { commands })
  const { result } = await server.api("history", { channel, limit: 0 })
  return { channel, epoch: String(result?.epoch) }
}

describe.each(WAYS.map((way) => [way.name, way] as const))("%s", (_name, way) => {
  async function connected(to = server): Promise<{ client: Centrifuge; ends: string[] }> {
    const client = newClient(to, way)
    clients.push(client)
    const ends: string[] = []
    client.on("connecting", ({ code, reason }) => void ends.push(`${code} ${reason}`))
    client.connect()
    await client.ready(10_000)
    ends.length = 0
    return { client, ends }
  }

  test("pages end before that, and lead through all of it", async () => {
    const { channel, epoch } = await longRoom()
    const { client, ends } = await connected()
    const subscription = client.newSubscription(channel)
    subscription.subscribe()
    await subscription.ready(10_000)
    const read: number[] = []
    let pages = 0
    for (let offset = 0; offset < COUNT; pages++) {
      const page = await subscription.history({ limit: 1_000, since: { epoch, offset } })
      expect(Number(page.offset)).toBe(COUNT)
      expect(page.publications.length).toBeGreaterThan(0)
      expect(page.publications.length).toBeLessThanOrEqual(11)
      read.push(...page.publications.map(({ data }) => (value(way, data) as { n: number }).n))
      offset = Number(page.publications.at(-1)?.offset)
    }
    expect(read).toEqual(Array.from({ length: COUNT }, (_, n) => n + 1))
    const newest = await subscription.history({ limit: 1_000, reverse: true })
    expect(Number(newest.publications[0]?.offset)).toBe(COUNT)
    expect([pages, ends]).toEqual([6, []])
  })

  test("a recovery of more than that is refused and told, not tried for ever; one of less is whole", async () => {
    const { channel, epoch } = await longRoom()
    const { client, ends } = await connected()
    const recovered = async (offset: number) => {
      const subscription = client.newSubscription(channel, { since: { epoch, offset } })
      const offsets: number[] = []
      subscription.on("publication", (publication) => void offsets.push(Number(publication.offset)))
      const told = new Promise<{ wasRecovering: boolean; recovered: boolean }>((resolve) =>
        subscription.on("subscribed", resolve),
      )
      subscription.subscribe()
      const { wasRecovering, recovered } = await told
      subscription.unsubscribe()
      client.removeSubscription(subscription)
      return { wasRecovering, recovered, offsets }
    }
    expect(await recovered(0)).toEqual({ wasRecovering: true, recovered: false, offsets: [] })
    const last20 = Array.from({ length: 20 }, (_, n) => n + 41)
    expect(await recovered(40)).toEqual({ wasRecovering: true, recovered: true, offsets: last20 })
    expect(ends).toEqual([])
  })

  test("as it is set by default, a thousand publications of 1 KB come back at once", async () => {
    const channel = `stream:${rooms++}`
    const commands = Array.from({ length: 1_000 }, () => ({ publish: { channel, data: "x".repeat(1_024) } }))
    for (let from = 0; from < 1_000; from += 100)
      await byDefault.api("batch", { commands: commands.slice(from, from + 100) })
    const { result } = await byDefault.api("history", { channel, limit: 0 })
    expect(result?.offset).toBe(1_000)
    const { client, ends } = await connected(byDefault)
    const since = { epoch: String(result?.epoch), offset: 0 }
    const subscription = client.newSubscription(channel, { since })
    let count = 0
    subscription.on("publication", () => void count++)
    const told = new Promise<boolean>((resolve) => subscription.on("subscribed", (it) => resolve(it.recovered)))
    subscription.subscribe()
    expect(await told).toBe(true)
    await until(() => count === 1_000, "all of them")
    expect(ends).toEqual([])
  })
})
