import { afterAll, afterEach, beforeAll, expect, test } from "bun:test"
import type { SessionAnswer } from "../../src/chat/contract.ts"
import { type Service, startRedis } from "../php-sessions/services.ts"
import { ABOUT_A_SECOND_MS, until } from "../support/until.ts"
import { Customer, closingOf, Shop } from "./shop.ts"

let redis: Service
let shop: Shop | undefined
beforeAll(async () => {
  redis = await startRedis()
})
afterEach(() => shop?.close())
afterAll(() => redis?.stop())

for (const driver of ["redis", "database", "cookie"])
  test(`websocket:serve finds the sessions that Laravel keeps in ${driver}, and their end`, async () => {
    shop = await Shop.open({ SESSION_DRIVER: driver, REDIS_PORT: String(redis.port), REDIS_DB: "3" })
    const customer = await Customer.loggedIn(shop, "fang")
    const answer = await fetch(`${shop.skeinUrl}/chat/session`, { headers: { cookie: customer.cookie } })
    expect(((await answer.json()) as SessionAnswer).user).toMatchObject({ id: "2", name: "王芳" })
    const client = customer.client()
    await client.ready(20_000)
    const closing = closingOf(client)
    await customer.post("/logout")
    const loggedOutAtMs = Date.now()
    const closedAtMs = await until(() => closing.atMs, "closed")
    expect(closedAtMs - loggedOutAtMs).toBeLessThan(ABOUT_A_SECOND_MS)
    customer.leave()
  }, 90_000)
