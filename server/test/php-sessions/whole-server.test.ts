import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { TestServer } from "../support/server.ts"
import { until } from "../support/until.ts"
import { browser } from "./browser.ts"
import { type Service, startRedis } from "./services.ts"
import { Visitor } from "./site.ts"

let redis: Service
let server: TestServer
beforeAll(async () => {
  redis = await startRedis("--notify-keyspace-events", "Kgx$")
  server = await TestServer.start({
    env: {
      SKEIN_SESSIONS_FRAMEWORK: "php",
      SKEIN_SESSIONS_STORE: "redis",
      SKEIN_SESSIONS_REDIS_URLS: `tcp://127.0.0.1:${redis.port}`,
      SKEIN_AUTH_ALLOW_ANONYMOUS: "false",
    },
  })
}, 60_000)
afterAll(async () => {
  await server?.stop()
  await redis?.stop()
})

function visitor(): Visitor {
  return new Visitor({ "session.save_handler": "redis", "session.save_path": `tcp://127.0.0.1:${redis.port}` })
}

describe("a browser with the cookie of a PHP site", () => {
  test("is the member, with the name others see, until PHP logs out; then it is nobody within a second", async () => {
    const member = visitor()
    await member.login("42")
    const { client, seen } = browser(server, member)
    client.connect()
    await until(() => seen.connected === 1, "connected")
    const subscription = client.newSubscription("open:hall")
    subscription.subscribe()
    await subscription.ready(5_000)
    const { clients: present } = await subscription.presence()
    expect(Object.values(present)).toMatchObject([
      { user: "42", connInfo: { name: "张伟 42", avatar: "/avatars/42.png" } },
    ])

    await member.visit("do=logout")
    const loggedOutAtMs = performance.now()
    await until(() => seen.codes.includes(3005), "closed as expired", 5_000)
    expect(performance.now() - loggedOutAtMs).toBeLessThan(1_000)
    await until(() => client.state === "disconnected", "refused, as nobody is there any more")
  }, 30_000)

  test("whose session gets a new id comes back as the same member by itself", async () => {
    const member = visitor()
    await member.login("43")
    const { client, seen } = browser(server, member)
    client.connect()
    await until(() => seen.connected === 1, "connected")
    await member.visit("do=renew")
    await until(() => seen.connected === 2, "connected again", 5_000)
  }, 30_000)

  test("who is not logged in there is nobody", async () => {
    const guest = visitor()
    await guest.visit("do=look")
    const { client } = browser(server, guest)
    client.connect()
    await until(() => client.state === "disconnected", "refused")
  }, 30_000)
})
