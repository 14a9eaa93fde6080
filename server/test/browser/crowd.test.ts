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
/** The heading of those who are online, with their number. */
const onlineHeading = async (page: Page) => (await page.locator(".members h3").first().textContent()) ?? ""

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
  await until(async () => (await onlineHeading(early)).includes("3"), "three people by name", WAIT_MS)
  // Bare sockets are in the lobby.
  for (let n = 0; n < MANY; n++) sockets.push(new WebSocket(`${house.server.wsUrl}/ws`))
  await until(async () => (await onlineHeading(early)).includes(`${MANY + 3}`), "the count of all", WAIT_MS)
  // Becoming many puts nobody out of sight.
  for (const name of ["Ada", "Ben", "Early"]) await early.locator(".member:not(.away)", { hasText: name }).waitFor()

  const frames: string[] = []
  const late = await house.guest("Late", {}, async (page) =>
    page.on("websocket", (socket) => {
      socket.on("framesent", ({ payload }) => frames.push(String(payload)))
      socket.on("framereceived", ({ payload }) => frames.push(String(payload)))
    }),
  )
  await until(async () => (await onlineHeading(late)).includes(`${MANY + 4}`), "the count for who comes late", WAIT_MS)
  await until(async () => (await headerCount(early)) === 4, "the members are counted along", WAIT_MS)
  sockets.pop()?.close()
  await until(async () => (await onlineHeading(late)).includes(`${MANY + 3}`), "one less", WAIT_MS)
  expect(frames.join("\n")).not.toMatch(/\{"presence":|"chat:c:[^"]*","(?:join|leave)":/)
  // Between people it is known one by one as ever.
  await late.locator(".members").getByRole("button", { name: /^Ada/ }).click()
  await late.locator(".room-header p", { hasText: "Online" }).waitFor()
  expect(await room(late, "Ada").count()).toBe(1)
}, 120_000)
