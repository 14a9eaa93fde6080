import { afterAll, beforeAll, expect, test } from "bun:test"
import fc from "fast-check"
import { until } from "../support/until.ts"
import { API_KEY, type PlainServer, startPlain } from "./plain-server.ts"
import { frame, handshake, RawClient } from "./raw-client.ts"
import { ScriptClient } from "./script-client.ts"

let server: PlainServer
beforeAll(async () => {
  server = await startPlain({
    config: { messagesPerSecond: 1e6, messageBurst: 1e6, subscribesPerSecond: 1e6, subscribeBurst: 1e6 },
  })
})
afterAll(() => server.stop())

const type = fc.constantFrom(
  "join_room",
  "leave_room",
  "login",
  "subscribe",
  "unsubscribe",
  "history",
  "ping",
  "pong",
  "heartbeat",
  "say",
)
const value = fc.oneof(
  fc.constantFrom("lobby", "r1", "news", "kept:a", "chat:c:lobby", "secret:x", "users:y", "", 0, -1, 1e99, null),
  fc.string({ unit: "binary", maxLength: 70 }),
  fc.jsonValue({ maxDepth: 3 }),
)
const command = fc
  .record(
    { type, room_id: value, channel: value, limit: value, since: value, token: value },
    { requiredKeys: ["type"] },
  )
  .map((fields) => JSON.stringify(fields))
const text = fc.oneof(command, command, command, fc.string({ unit: "grapheme" }), fc.json())

for (const [who, path] of [
  ["a guest", "/"],
  ["the back end", `/?api_key=${API_KEY}`],
])
  test(`whatever ${who} sends, the server answers in order, refuses by code and goes on`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(text, { maxLength: 30 }), async (texts) => {
        const client = await ScriptClient.open(server.url + path)
        for (const each of texts) client.say(each)
        for (const answer of await client.drain()) {
          if (!String(answer).startsWith('{"type":"error"')) continue
          // 100 is our own bug.
          expect(JSON.parse(String(answer)).code).not.toBe(100)
        }
        expect(client.closed).toBeUndefined()
        client.close()
      }),
      { numRuns: 40 },
    )
    expect(server.logged.filter((line) => line.includes("failed"))).toEqual([])
  }, 60_000)

test("whatever bytes come behind a handshake, only that connection may end", async () => {
  const witness = await ScriptClient.open(server.url)
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
      const client = new RawClient(server.port)
      client.write(Buffer.concat([Buffer.from(handshake("/")), frame('{"type":"ping"}'), Buffer.from(bytes)]))
      await until(
        () => client.texts.length > 0 || client.closed || client.closeCode !== undefined,
        "an answer or an end",
      )
      client.socket.destroy()
    }),
    { numRuns: 60 },
  )
  expect(witness.closed).toBeUndefined()
  await witness.drain()
  await until(() => server.channels.hub.connectionCount === 1, "all others are forgotten")
}, 60_000)
