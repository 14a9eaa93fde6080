import { afterAll, beforeAll, expect, test } from "bun:test"
import { TestServer } from "../support/server.ts"
import { until } from "../support/until.ts"
import { browser } from "./browser.ts"
import { type Service, startRedis } from "./services.ts"
import { Visitor } from "./site.ts"

let redis: Service
let server: TestServer
beforeAll(async () => {
  redis = await startRedis()
  server = await TestServer.start({
    env: {
      SKEIN_SESSIONS_FRAMEWORK: "php",
      SKEIN_SESSIONS_STORE: "redis",
      SKEIN_SESSIONS_REDIS_URLS: `tcp://127.0.0.1:${redis.port}`,
      SKEIN_SESSIONS_TIMEOUT: "200ms",
    },
  })
}, 60_000)
afterAll(async () => {
  await server?.stop()
  await redis?.stop()
})

test("while Redis is away members stay, newcomers wait instead of becoming guests, and the log alone says why", async () => {
  const member = new Visitor({ "session.save_handler": "redis", "session.save_path": `tcp://127.0.0.1:${redis.port}` })
  await member.login("42")
  const staying = browser(server, member)
  staying.client.connect()
  await until(() => staying.seen.connected === 1, "connected")

  await redis.stop()
  const coming = browser(server, member)
  const errors: string[] = []
  coming.client.on("error", ({ error }) => errors.push(`${error.code} ${error.message}`))
  coming.client.connect()
  await until(() => errors.length >= 3, "three attempts")
  expect(new Set(errors)).toEqual(new Set(["100 internal server error"]))
  expect(String(coming.client.state)).toBe("connecting")
  expect(coming.seen.connected).toBe(0)

  await until(() => server.log.includes("logouts are not noticed for the moment"), "the log says so")
  expect(server.log).toContain(`127.0.0.1:${redis.port}`)
  expect(String(staying.client.state)).toBe("connected")

  const page = await fetch(`${server.url}/chat/session`, { headers: { cookie: member.cookie } })
  expect(page.status).toBe(500)
  expect(await page.text()).not.toContain(String(redis.port))
}, 60_000)
