import { afterAll, beforeAll, expect, test } from "bun:test"
import type { Page } from "playwright-core"
import { until } from "../support/until.ts"
import { House, room } from "./support/people.ts"

/** One more than are told of each other (CHAT-40). */
const MANY = 201
const WAIT_MS = 30_000

let house: House
const sockets: WebSocket[] = []
beforeAll(async () => {
  house = await House.open()
}, 60_000)
afterAll(async () => {
  for (const socket of sockets) socket.close()
  await house?.close()
})

const headerCount = async (page: Page) =>
  Number(await page.locator(".room-header .text-icon-button > span").first().textContent())
/** How many the list of members says are here. */
const online = async (page: Page) =>
  Number(/\d+/.exec((await page.locator(".members h3").first().textContent()) ?? "")?.[0])

test("the header's count of members moves when somebody comes for the first time, the list of them closed", async () => {
  const ada = await house.guest("Ada")
  await ada.getByRole("button", { name: "Hide members" }).first().click()
  await ada.locator(".members").waitFor({ state: "detached" })
  const before = await headerCount(ada)
  await house.guest("Ben")
  await until(async () => (await headerCount(ada)) === before + 1, "the header counts Ben", WAIT_MS)
}, 60_000)

test("in a crowded room pages are told how many are there, and neither ask nor hear who comes and goes", async () => {
  const early = await house.guest("Early")
  await house.guest("Ida")
  // All who came in by now are members, and here.
  const people = house.browser.contexts().length
  await until(async () => (await online(early)) === people, "everybody by name", WAIT_MS)
  // Bare sockets are in the lobby.
  for (let n = 0; n < MANY; n++) sockets.push(new WebSocket(`${house.server.wsUrl}/ws`))
  await until(async () => (await online(early)) === MANY + people, "the count of all", WAIT_MS)
  // Becoming many puts nobody out of sight.
  for (const name of ["Early", "Ida"]) await early.locator(".member:not(.away)", { hasText: name }).waitFor()

  const frames: string[] = []
  const late = await house.guest("Late", {}, async (page) =>
    page.on("websocket", (socket) => {
      socket.on("framesent", ({ payload }) => frames.push(String(payload)))
      socket.on("framereceived", ({ payload }) => frames.push(String(payload)))
    }),
  )
  await until(async () => (await online(late)) === MANY + people + 1, "the count for who comes late", WAIT_MS)
  await until(async () => (await headerCount(early)) === people + 1, "the members are counted along", WAIT_MS)
  sockets.pop()?.close()
  await until(async () => (await online(late)) === MANY + people, "one less", WAIT_MS)
  expect(frames.join("\n")).not.toMatch(/\{"presence":|"chat:c:[^"]*","(?:join|leave)":/)
  // Between people it is known one by one as ever.
  await late.locator(".members").getByRole("button", { name: /^Ida/ }).click()
  await late.locator(".room-header p", { hasText: "Online" }).waitFor()
  expect(await room(late, "Ida").count()).toBe(1)
}, 120_000)
