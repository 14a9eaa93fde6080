import { afterAll, beforeAll, expect, test } from "bun:test"
import { until } from "../support/until.ts"
import { Voice } from "./support/crowd.ts"
import { House, message, room } from "./support/people.ts"

const ROOMS = ["lobby", "one", "two", "three", "four", "five", "six", "seven"]

let house: House
beforeAll(async () => {
  // The own channel, and four rooms: the other rooms find no place.
  const limits = { SKEIN_LIMITS_MAX_CHANNELS_PER_CONNECTION: "5" }
  house = await House.open({ SKEIN_CHAT_DEFAULT_ROOMS: ROOMS.join(","), ...limits })
}, 60_000)
afterAll(() => house?.close())

test("in more rooms than a connection may hold channels: the page asks no more than it needs, and the open room is live", async () => {
  let hellos = 0
  const page = await house.guest("Everywhere", {}, async (blank) => {
    blank.on("websocket", (socket) =>
      socket.on("framesent", ({ payload }) => {
        hellos += String(payload).split("chat.hello").length - 1
      }),
    )
  })
  const voice = await Voice.enter(house.server, "Voice")
  const { conversations } = await voice.call<{ conversations: { id: string; slug: string }[] }>("GET", "/hello")
  expect(conversations).toHaveLength(ROOMS.length)
  for (const { id, slug } of conversations) {
    await page.locator(`.room-item[href="#/r/${slug}"]`).click()
    await page.locator(`.room-item.current[href="#/r/${slug}"]`).waitFor()
    const text = `news of ${slug}`
    await voice.call("POST", `/conversations/${id}/messages`, { client_id: crypto.randomUUID(), text })
    await message(page, text).waitFor()
  }
  // One that lost its place on the way has it again, and what was said meanwhile is there.
  const [first] = conversations
  const text = "said while away"
  await voice.call("POST", `/conversations/${first?.id}/messages`, { client_id: crypto.randomUUID(), text })
  await page.locator(`.room-item[href="#/r/${first?.slug}"]`).click()
  await message(page, text).waitFor()
  expect(hellos).toBe(1)
  expect(await room(page, "").count()).toBe(ROOMS.length)
  expect(house.complaints).toEqual([])
}, 60_000)

test("a room reached by keys or by going back is in sight in a list longer than the page", async () => {
  const page = await house.guest("Longlist", { viewport: { width: 1280, height: 360 } })
  const rows = page.locator(".room-item")
  const inSight = () =>
    page.locator(".room-item.current").evaluate((row) => {
      const [own, list] = [row, row.closest(".sidebar-lists") as Element].map((one) => one.getBoundingClientRect())
      return own !== undefined && list !== undefined && own.top >= list.top && own.bottom <= list.bottom + 1
    })
  await rows.first().click()
  await page.locator(".room-item.current").waitFor()
  // From the first it goes on at the last.
  await page.keyboard.press("Alt+ArrowUp")
  await until(async () => (await rows.last().getAttribute("aria-current")) === "page", "the last room")
  await until(inSight, "the last room in sight")
  await page.goBack()
  await until(async () => (await rows.first().getAttribute("aria-current")) === "page", "the first room")
  await until(inSight, "the first room in sight")
}, 60_000)

test("of very many rooms every one is found: by its name where rooms are looked for, and by its link", async () => {
  // More than any list of rooms holds, and all of them fuller than the one that is looked for.
  const total = 105
  const titles = Array.from({ length: total }, (_, n) => `Crowd ${n}`)
  const owner = { id: "u_owner", name: "Owner" }
  for (const name of titles) {
    const { error } = await house.server.api("rpc", { method: "chat.rooms.create", params: { name } })
    expect(error).toBeUndefined()
    const room = name.toLowerCase().replace(" ", "-")
    await house.server.api("rpc", { method: "chat.members.add", params: { room, user: owner } })
  }
  await house.server.api("rpc", { method: "chat.rooms.create", params: { name: "Quiet corner" } })
  const page = await house.guest("Seeker")
  await page.getByRole("button", { name: "Browse rooms" }).click()
  const dialog = page.getByRole("dialog")
  await dialog
    .getByRole("button", { name: /^Join Crowd/ })
    .first()
    .waitFor()
  expect(await dialog.getByRole("button", { name: "Join Quiet corner" }).count()).toBe(0)
  await dialog.getByLabel("Find a room").fill("quiet")
  await dialog.getByRole("button", { name: "Join Quiet corner" }).waitFor()
  expect(await dialog.getByRole("button", { name: /^Join / }).count()).toBe(1)
  await dialog.getByLabel("Find a room").fill("nowhere at all")
  await dialog.getByText("Nothing matches “nowhere at all”.").waitFor()
  await page.keyboard.press("Escape")
  await page.keyboard.press("Control+k")
  await page.getByRole("combobox").fill("corner")
  await page.getByRole("option", { name: /Quiet corner/ }).waitFor()
  await page.keyboard.press("Escape")
  await page.goto(`${house.server.url}/#/r/quiet-corner`)
  await page.getByText("You’re not in Quiet corner yet.").waitFor()
}, 120_000)
