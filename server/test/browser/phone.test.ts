import { afterAll, beforeAll, expect, test } from "bun:test"
import type { Page } from "playwright-core"
import { Voice } from "./support/crowd.ts"
import { Line } from "./support/line.ts"
import { composer, House, message, room } from "./support/people.ts"

const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 }

let house: House
beforeAll(async () => {
  house = await House.open()
  const host = await Voice.enter(house.server, "Host")
  await host.call("POST", "/rooms", { name: "茶馆" })
}, 60_000)
afterAll(() => house?.close())

const overflow = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)

/** Buttons, links and fields on screen that are lower than a thumb needs. */
const smallTargets = (page: Page) =>
  page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>("button, a, input, textarea")]
      .filter((element) => element.checkVisibility() && !element.closest(".text, .action-bar"))
      .map((element) => ({
        name: element.getAttribute("aria-label") ?? element.innerText,
        box: element.getBoundingClientRect(),
      }))
      .filter(({ box }) => box.height > 0 && (box.height < 44 || box.width < 44))
      .map(({ name, box }) => `${name} ${Math.round(box.width)}×${Math.round(box.height)}`),
  )

test("one pane at a time, in Chinese; back leads to the list; targets fit a thumb", async () => {
  const page = await house.guest("林小雨", { ...PHONE, locale: "zh-CN" })
  await page.getByRole("heading", { name: "房间" }).waitFor()
  expect(await page.locator("main.room").isVisible()).toBe(false)
  expect(await overflow(page)).toBe(0)
  expect(await smallTargets(page)).toEqual([])

  // Menus and dialogs too.
  await page.locator(".self-button").tap()
  await page.locator(".settings").waitFor()
  expect(await smallTargets(page)).toEqual([])
  await page.keyboard.press("Escape")
  await page.getByRole("button", { name: "浏览房间" }).tap()
  await page.getByRole("dialog").getByRole("button", { name: "加入茶馆" }).waitFor()
  expect(await smallTargets(page)).toEqual([])
  await page.keyboard.press("Escape")
  await page.getByRole("dialog").waitFor({ state: "detached" })

  await room(page, "大厅").tap()
  await composer(page).waitFor()
  expect(await page.locator(".sidebar").isVisible()).toBe(false)
  expect(await overflow(page)).toBe(0)
  expect(await smallTargets(page)).toEqual([])

  // On a touch keyboard Enter is a new line; the button sends.
  await composer(page).tap()
  await composer(page).pressSequentially("第一行")
  await page.keyboard.press("Enter")
  await composer(page).pressSequentially("第二行")
  await page.getByRole("button", { name: "发送" }).tap()
  await message(page, "第二行").waitFor()
  expect(await message(page, "第二行").locator(".text").innerText()).toBe("第一行\n第二行")

  await page.goBack()
  await page.getByRole("heading", { name: "房间" }).waitFor()
  await page.locator(".room-item .preview", { hasText: "第一行" }).waitFor()
})

test("the list of rooms says who spoke last, before any room is opened", async () => {
  const speaker = await Voice.enter(house.server, "Speaker")
  await speaker.say("heard everywhere")
  const page = await house.guest("Lena", PHONE)
  const preview = page.locator(".room-item .preview").first()
  await preview.waitFor()
  expect(await preview.innerText()).toBe("Speaker: heard everywhere")
})

test("the last message stays in sight when the keyboard takes half the screen", async () => {
  const page = await house.guest("Mo", PHONE)
  await room(page, "Lobby").tap()
  await composer(page).tap()
  for (let i = 1; i <= 15; i++) {
    await composer(page).fill(`line number ${i}`)
    await page.getByRole("button", { name: "Send" }).tap()
  }
  await message(page, "line number 15").waitFor()
  await page.setViewportSize({ width: 360, height: 380 })
  await page.waitForFunction(() => {
    const last = [...document.querySelectorAll("li.message")].at(-1)?.getBoundingClientRect()
    const foot = document.querySelector(".foot")?.getBoundingClientRect()
    return last !== undefined && foot !== undefined && last.bottom <= foot.top + 1 && last.top > 0
  })
})

test("a long press opens the actions of a message", async () => {
  const page = await house.guest("Nia", PHONE)
  await room(page, "Lobby").tap()
  await composer(page).tap()
  await composer(page).fill("press me")
  await page.getByRole("button", { name: "Send" }).tap()
  await message(page, "press me").waitFor()
  await message(page, "press me").dispatchEvent("contextmenu", {
    pointerType: "touch",
    bubbles: true,
    cancelable: true,
  })
  const sheet = page.getByRole("dialog", { name: "Message actions" })
  await sheet.getByRole("button", { name: "Edit" }).tap()
  await page.getByText("Editing your message").waitFor()
})

test("what stood over a room that was left does not stand over the next", async () => {
  const page = await house.guest("Olga", PHONE)
  await room(page, "Lobby").tap()
  await page.getByRole("button", { name: "Members" }).tap()
  await page.getByRole("dialog", { name: "Members" }).waitFor()
  await page.goBack()
  await page.getByRole("dialog").waitFor({ state: "detached" })
  await room(page, "Lobby").tap()
  await composer(page).waitFor()
  expect(await page.getByRole("dialog").count()).toBe(0)
})

test("offline on a phone: a thin bar, its words beside its icon, and a button for a thumb", async () => {
  const line = new Line()
  const page = await house.guest("Nadia", PHONE, line.lay)
  await room(page, /Lobby/).tap()
  await composer(page).waitFor()
  line.cut()
  await page.locator(".banner").waitFor()
  const boxes = await page.locator(".banner > *").evaluateAll((parts) =>
    parts.map((part) => {
      const { left, right, top, bottom } = part.getBoundingClientRect()
      return { left, right, top, bottom }
    }),
  )
  const [icon, words, when, button] = boxes
  if (!icon || !words || !when || !button) throw new Error(`the bar has ${boxes.length} parts`)
  expect(icon.right).toBeLessThan(words.left)
  expect(icon.bottom).toBeGreaterThan(words.top)
  expect(icon.top).toBeLessThan(words.bottom)
  expect([when.left, when.top >= words.bottom - 1]).toEqual([words.left, true])
  expect(button.left).toBeGreaterThanOrEqual(words.right)
  expect(await overflow(page)).toBe(0)
  expect(await smallTargets(page)).toEqual([])
  // In the list of conversations, too.
  await page.goBack()
  await page.locator(".banner-in-list").waitFor()
  expect(await overflow(page)).toBe(0)
  line.mend()
})
