import { afterAll, beforeAll, expect, test } from "bun:test"
import type { TestServer } from "../support/server.ts"
import { until } from "../support/until.ts"
import { newClient, startServer, WAYS } from "./support.ts"

const PING_MS = 2_000

let server: TestServer
beforeAll(async () => {
  server = await startServer({ SKEIN_LIMITS_PING_INTERVAL: `${PING_MS}ms`, SKEIN_LIMITS_PONG_TIMEOUT: "1900ms" })
})
afterAll(() => server?.stop())

test("the SDK answers pings on every transport, and stays", async () => {
  const told: string[] = []
  const clients = WAYS.map((way) => {
    const client = newClient(server, way)
    for (const event of ["connected", "connecting", "disconnected"] as const)
      client.on(event, ({ reason = "" }: { reason?: string }) => void told.push(`${way.name}: ${event} ${reason}`))
    return client
  })
  for (const client of clients) client.connect()
  await Promise.all(clients.map((client) => client.ready(10_000)))
  const atFirst = [...told]
  // Two pings of each have come by then, and the time for the first one's pong is over.
  const from = performance.now()
  await until(() => performance.now() - from > 2.5 * PING_MS, "two pings")
  expect(told).toEqual(atFirst)
  for (const client of clients) client.disconnect()
}, 20_000)
