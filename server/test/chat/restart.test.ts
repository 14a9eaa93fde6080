import { afterAll, beforeAll, expect, test } from "bun:test"
import { SignJWT } from "jose"
import { TestServer, TOKEN_SECRET } from "../support/server.ts"
import { until } from "../support/until.ts"
import { type Device, Person } from "./person.ts"

const PEOPLE = 200
const WINDOW_MS = 2_000

let server: TestServer
beforeAll(async () => {
  server = await TestServer.start({ env: { SKEIN_DRAIN_WINDOW: `${WINDOW_MS}ms` } })
})
afterAll(() => server.stop())

const token = (sub: string) =>
  new SignJWT({ sub, info: { name: sub } })
    .setProtectedHeader({ alg: "HS256" })
    .setExpirationTime("1h")
    .sign(new TextEncoder().encode(TOKEN_SECRET))

interface Client {
  readonly person: Person
  readonly device: Device
  closedAtMs: number
}

async function arrive(id: string, channel: (device: Device) => Promise<string>): Promise<Client> {
  const person = new Person(server)
  await person.signIn({ token: await token(id) })
  const client = { person, device: await person.device(), closedAtMs: 0 }
  await client.device.follow(await channel(client.device))
  client.device.centrifuge.on("connecting", () => {
    client.closedAtMs = performance.now()
  })
  return client
}

test("CHAT-6 the server restarts: everyone is asked to come back at another moment, is back, and misses nothing", async () => {
  const channelOf = async (device: Device) => (await device.lobby()).channel
  const clients: Client[] = []
  while (clients.length < PEOPLE)
    clients.push(
      ...(await Promise.all(Array.from({ length: 20 }, (_, n) => arrive(`u-${clients.length + n}`, channelOf)))),
    )
  const [speaker] = clients as [Client]
  const { id } = await speaker.device.lobby()
  const say = (text: string) => speaker.device.sendUntilAnswered(id, `restart-${text}`, text)
  await say("before")
  await until(() => clients.every(({ device }) => device.said().includes("before")), "everyone has heard it")

  expect(await server.terminate()).toBe(0)
  await until(() => clients.every(({ closedAtMs }) => closedAtMs > 0), "everyone is closed")
  const closings = clients.map(({ closedAtMs }) => closedAtMs).toSorted((a, b) => a - b)
  const first = closings[0] ?? 0
  // The server waits a quarter of the window between four batches; slow arrival can only blur that.
  expect((closings.at(-1) ?? 0) - first).toBeGreaterThan(WINDOW_MS / 2)
  expect(new Set(clients.flatMap(({ device }) => device.closes.filter((code) => code !== 0)))).toEqual(new Set([3001]))

  await server.begin()
  await say("while others are still away")
  await until(
    async () => {
      const back = await Promise.all(clients.map(({ device }) => device.centrifuge.ready(20_000).then(() => device)))
      return back.length === PEOPLE
    },
    "everyone is back",
    30_000,
  )
  const held = { conversation_id: id, seq: 1, chg: 0 }
  for (const { device } of clients) {
    const [entry] = (await device.call("chat.catch_up", { conversations: [held] })).conversations
    expect(entry?.messages.map(({ body }) => body)).toEqual(["while others are still away"])
  }
  for (const { person } of clients) person.close()
}, 180_000)
