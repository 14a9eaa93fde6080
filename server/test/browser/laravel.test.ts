import { afterAll, beforeAll, expect, test } from "bun:test"
import { Customer, Shop } from "../php/shop.ts"
import { ABOUT_A_SECOND_MS, until } from "../support/until.ts"
import { House } from "./support/people.ts"

let house: House
let shop: Shop
beforeAll(async () => {
  house = await House.open()
  shop = await Shop.open()
}, 60_000)
afterAll(async () => {
  shop?.close()
  await house?.close()
})

test("who is logged in to the Laravel shop opens the chat under that name, finds the notice, and is out after logging out", async () => {
  const fang = await Customer.loggedIn(shop, "fang")
  await fang.post("/orders/43/notice")
  const context = await house.browser.newContext({ locale: "zh-CN" })
  const cookies = fang.cookie.split("; ").map((pair) => pair.split("=", 2) as [string, string])
  await context.addCookies(cookies.map(([name, value]) => ({ name, value, url: shop.skeinUrl })))
  const page = await context.newPage()
  let closedAtMs: number | undefined
  page.on("websocket", (socket) =>
    socket.on("close", () => {
      closedAtMs ??= performance.now()
    }),
  )
  await page.goto(shop.skeinUrl)
  await page.locator(".self-name", { hasText: "王芳" }).waitFor()
  await page.locator(".room-item", { hasText: "Shop" }).click()
  const notice = page.locator("section.notice-card")
  await notice.waitFor()
  expect(await notice.getByRole("link").getAttribute("href")).toBe("/orders/43")
  await fang.post("/logout")
  const loggedOutAtMs = performance.now()
  const closed = await until(() => closedAtMs, "the chat's socket is closed")
  expect(closed - loggedOutAtMs).toBeLessThan(ABOUT_A_SECOND_MS)
  await page.locator(".self-name").waitFor({ state: "detached" })
  await context.close()
}, 60_000)
