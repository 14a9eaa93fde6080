import { afterAll, beforeAll, expect, test } from "bun:test"
import type { TestServer } from "../support/server.ts"
import { OTHER_APP, RawClient, startServer } from "./support.ts"

let server: TestServer
beforeAll(async () => {
  server = await startServer({}, { otherApp: { client_events: false } })
})
afterAll(() => server.stop())

test("reach the others, not the sender; data as a string, whatever was sent", async () => {
  const [ann, bob] = [await RawClient.connect(server), await RawClient.connect(server)]
  await ann.subscribe("private-a")
  await bob.subscribe("private-a")
  const samples: [sent: unknown, received: string][] = [
    [{ x: 1 }, '{"x":1}'],
    ["text", "text"],
    ['{"y":2}', '{"y":2}'],
    [[1], "[1]"],
    [null, "{}"],
  ]
  for (const [sent, received] of samples) {
    ann.sendEvent("client-e", sent, "private-a")
    expect(await bob.next("client-e")).toEqual({ event: "client-e", channel: "private-a", data: received })
  }
  expect(await ann.settled()).toEqual([])
})

test("in presence channels the sender is named, by our record and not by the client's", async () => {
  const [ann, bob] = [await RawClient.connect(server), await RawClient.connect(server)]
  await ann.subscribe("presence-a", { user_id: "ann" })
  await bob.subscribe("presence-a", { user_id: "bob" })
  ann.sendText('{"event":"client-e","channel":"presence-a","data":{},"user_id":"root"}')
  expect((await bob.next("client-e")).user_id).toBe("ann")
})

test("are refused where Pusher refuses them", async () => {
  const client = await RawClient.connect(server)
  const refusal = async (channel: string) => {
    client.sendEvent("client-e", {}, channel)
    return client.error()
  }
  await client.subscribe("open")
  await client.subscribe("private-encrypted-a")
  expect((await refusal("open")).message).toBe(
    "Client event rejected - only supported on private and presence channels",
  )
  expect((await refusal("private-b")).message).toContain("not subscribed")
  expect((await refusal("private-encrypted-a")).message).toContain("encrypted")
  const other = await RawClient.connect(server, { app: OTHER_APP })
  await other.subscribe("private-a")
  other.sendEvent("client-e", {}, "private-a")
  expect((await other.error()).message).toContain("you must enable")
})

test("more than ten in a second are dropped with 4301, the connection stays", async () => {
  const [ann, bob] = [await RawClient.connect(server), await RawClient.connect(server)]
  await ann.subscribe("private-fast")
  await bob.subscribe("private-fast")
  for (let n = 1; n <= 50; n++) ann.sendEvent("client-e", { n }, "private-fast")
  expect((await ann.error()).code).toBe(4301)
  await ann.settled()
  const received = (await bob.settled()).filter(({ event }) => event === "client-e")
  // A slow machine takes a while over fifty, and ten more are allowed in each second of it.
  expect(received.length).toBeGreaterThanOrEqual(10)
  expect(received.length).toBeLessThan(50)
  const numbers = received.map(({ data }) => JSON.parse(data as string).n)
  expect(numbers.slice(0, 10)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  expect(ann.closed).toBeUndefined()
})
