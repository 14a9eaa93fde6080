import { afterAll, beforeAll, expect, test } from "bun:test"
import type { TestServer } from "../support/server.ts"
import { until } from "../support/until.ts"
import { call, RawClient, startServer } from "./support.ts"

let server: TestServer
beforeAll(async () => {
  server = await startServer({ max_presence_members: 3 }, { env: { SKEIN_LIMITS_PRESENCE_GRACE: "5s" } })
})
afterAll(() => server.stop())

let channels = 0
const newChannel = () => `presence-${++channels}`

test("the confirmation lists everybody, oneself included, as an object with string ids", async () => {
  const channel = newChannel()
  for (const [index, user_id] of [0, 1].entries()) {
    const client = await RawClient.connect(server)
    const { data } = await client.subscribe(channel, { user_id, user_info: { name: `n${index}` } })
    const ids = index === 0 ? ["0"] : ["0", "1"]
    const hash = Object.fromEntries(ids.map((id) => [id, { name: `n${id}` }]))
    expect(JSON.parse(data as string)).toEqual({ presence: { ids, hash, count: ids.length } })
    expect(data).toContain('"hash":{')
  }
})

test("a user of two connections comes once and leaves once; nobody is told of himself", async () => {
  const channel = newChannel()
  const watcher = await RawClient.connect(server)
  await watcher.subscribe(channel, { user_id: "watcher" })
  const [first, second] = [await RawClient.connect(server), await RawClient.connect(server)]
  await first.subscribe(channel, { user_id: 7, user_info: { name: "Ann" } })
  await second.subscribe(channel, { user_id: "7", user_info: { name: "Ann" } })
  expect(await watcher.nextData("pusher_internal:member_added", channel)).toEqual({
    user_id: "7",
    user_info: { name: "Ann" },
  })
  first.sendEvent("pusher:unsubscribe", { channel })
  expect(await first.settled()).toEqual([])
  expect(await second.settled()).toEqual([])
  expect(await watcher.settled()).toEqual([])
  second.close()
  expect(await watcher.nextData("pusher_internal:member_removed", channel)).toEqual({ user_id: "7" })
})

test("a dropped connection leaves after its grace, one that is back in time never left", async () => {
  const channel = newChannel()
  const watcher = await RawClient.connect(server)
  await watcher.subscribe(channel, { user_id: "watcher" })
  const dropped = await RawClient.connect(server)
  await dropped.subscribe(channel, { user_id: "1" })
  await watcher.next("pusher_internal:member_added")
  dropped.terminate()
  // In time also on a machine that takes seconds over it.
  const back = await RawClient.connect(server)
  await back.subscribe(channel, { user_id: "1" })
  back.terminate()
  await watcher.next("pusher_internal:member_removed")
  expect(await watcher.settled()).toEqual([])
})

test("user_info may be anything, also nothing", async () => {
  const channel = newChannel()
  const watcher = await RawClient.connect(server)
  await watcher.subscribe(channel, { user_id: "watcher" })
  const [yes, none] = [await RawClient.connect(server), await RawClient.connect(server)]
  await yes.subscribe(channel, { user_id: "__proto__", user_info: true })
  await none.subscribe(channel, { user_id: "x" })
  expect((await watcher.nextData("pusher_internal:member_added")).user_info).toBe(true)
  expect((await watcher.nextData("pusher_internal:member_added")).user_info).toEqual({})
})

const refusal = async (member: unknown, channel = newChannel()) => {
  const client = await RawClient.connect(server)
  const channelData = typeof member === "string" ? member : JSON.stringify(member)
  const auth = client.sign(channel, channelData)
  client.sendEvent("pusher:subscribe", { channel, auth, channel_data: channelData })
  return (await client.error()).message
}

test("member data is bounded and checked", async () => {
  const client = await RawClient.connect(server)
  await client.subscribe(newChannel(), { user_id: "1", user_info: "x".repeat(1_022) })
  expect(await refusal({ user_id: "1", user_info: "x".repeat(1_023) })).toContain("1024 bytes, this one has 1025")
  expect(await refusal({ user_id: "x".repeat(129) })).toContain("128 characters")
  for (const bad of ["{}", "[]", "nonsense", '{"user_id":""}', '{"user_id":{}}', '{"user_id":null}'])
    expect(await refusal(bad)).toContain("user_id")
})

test("a full channel takes no new user, but new connections of those inside", async () => {
  const channel = newChannel()
  const clients = await Promise.all([1, 2, 3].map(() => RawClient.connect(server)))
  await Promise.all(clients.map((client, index) => client.subscribe(channel, { user_id: index })))
  expect(await refusal({ user_id: "4" }, channel)).toContain("3 members")
  await (await RawClient.connect(server)).subscribe(channel, { user_id: 1 })
  clients[0]?.close()
  await until(async () => {
    const { json } = await call(server, "GET", `/channels/${channel}/users`)
    return json.users.length === 2
  }, "one left")
  await (await RawClient.connect(server)).subscribe(channel, { user_id: "4" })
})

test("many at once do not overfill it", async () => {
  const channel = newChannel()
  const clients = await Promise.all(Array.from({ length: 8 }, () => RawClient.connect(server)))
  for (const [index, client] of clients.entries()) {
    const channelData = JSON.stringify({ user_id: index })
    client.sendEvent("pusher:subscribe", {
      channel,
      auth: client.sign(channel, channelData),
      channel_data: channelData,
    })
  }
  for (const client of clients) await client.settled()
  expect(clients.filter(({ frames }) => frames.some(({ event }) => event.endsWith("succeeded")))).toHaveLength(3)
})

test("a signed-in connection needs no channel_data: it is itself", async () => {
  const channel = newChannel()
  const client = await RawClient.connect(server)
  await client.signIn({ id: "ann", user_info: { name: "Ann" } })
  const { data } = await client.subscribe(channel)
  expect(JSON.parse(data as string).presence.hash).toEqual({ ann: { name: "Ann" } })
})
