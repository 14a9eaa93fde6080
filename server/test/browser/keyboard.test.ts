import { afterAll, beforeAll, expect, test } from "bun:test"
import { composer, House, message, room, say } from "./support/people.ts"

let house: House
beforeAll(async () => {
  house = await House.open({ SKEIN_CHAT_CREATE_ROOMS: "anyone" })
}, 60_000)
afterAll(() => house?.close())

test("the whole way without a mouse", async () => {
  const page = await house.visitor()
  // The first thing to do has the focus.
  await page.locator("input:focus").waitFor()
  await page.keyboard.type("Ann")
  await page.keyboard.press("Enter")
  await composer(page).waitFor()
  await page.keyboard.type("typed without clicking")
  await page.keyboard.press("Enter")
  await message(page, "typed without clicking").waitFor()

  // `?` lists the keys, but not while writing; Esc closes and gives the focus back.
  await page.keyboard.type("?")
  expect(await composer(page).inputValue()).toBe("?")
  await page.keyboard.press("Backspace")
  await page.keyboard.press("Shift+Tab")
  await page.keyboard.press("?")
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor()
  await page.keyboard.press("Escape")
  await page.getByRole("dialog").waitFor({ state: "detached" })

  // Arrow keys walk the messages; e edits, Esc cancels, and the composer is as it was.
  await composer(page).focus()
  await page.keyboard.type("draft")
  await page.locator("li.message article").last().focus()
  await page.keyboard.press("e")
  await page.getByText("Editing your message").waitFor()
  expect(await composer(page).inputValue()).toBe("typed without clicking")
  await page.keyboard.press("Escape")
  await page.getByText("Editing your message").waitFor({ state: "detached" })
  expect(await composer(page).inputValue()).toBe("draft")
})

test("arrow keys walk on from a link in a message", async () => {
  const page = await house.guest("Lia")
  await say(page, "first of two")
  await message(page, "first of two").waitFor()
  await say(page, "see https://example.org")
  await message(page, "see https://example.org").waitFor()
  const focused = () => page.evaluate(() => document.activeElement?.textContent ?? "")
  await message(page, "see").getByRole("link").focus()
  await page.keyboard.press("ArrowUp")
  expect(await focused()).toContain("first of two")
  await page.keyboard.press("ArrowDown")
  expect(await focused()).toContain("see https://example.org")
  await page.keyboard.press("ArrowDown")
  expect(await composer(page).evaluate((field) => field === document.activeElement)).toBe(true)
})

test("Ctrl+K finds rooms and people; Alt with arrows walks the rooms", async () => {
  const [ben] = await Promise.all([house.guest("Ben"), house.guest("Zora")])
  await ben.getByRole("button", { name: "Browse rooms" }).click()
  await ben.getByRole("button", { name: "New room" }).click()
  await ben.keyboard.type("Attic")
  await ben.keyboard.press("Enter")
  await ben.getByRole("heading", { level: 1, name: "Attic" }).waitFor()

  await ben.keyboard.press("Control+k")
  await ben.getByRole("combobox").waitFor()
  await ben.keyboard.type("lob")
  await ben.getByRole("option", { name: "Lobby" }).waitFor()
  await ben.keyboard.press("Enter")
  await ben.getByRole("heading", { level: 1, name: "Lobby" }).waitFor()
  expect(await composer(ben).evaluate((field) => field === document.activeElement)).toBe(true)

  await ben.keyboard.press("Alt+ArrowUp")
  await ben.getByRole("heading", { level: 1, name: "Attic" }).waitFor()
  await ben.keyboard.press("Alt+ArrowDown")
  await ben.getByRole("heading", { level: 1, name: "Lobby" }).waitFor()

  await ben.keyboard.press("Control+k")
  await ben.keyboard.type("Zor")
  await ben.getByRole("option", { name: "Zora" }).waitFor()
  await ben.keyboard.press("Enter")
  await ben.getByRole("heading", { level: 1, name: "Zora" }).waitFor()
  await say(ben, "found you")
  await message(ben, "found you").waitFor()
  expect(await room(ben, "Zora").getAttribute("aria-current")).toBe("page")
})

test("Ctrl+K right behind the Esc that closes another dialog opens the switcher, and it stays", async () => {
  const quick = await house.guest("Quick")
  await quick.getByRole("button", { name: "Browse rooms" }).click()
  await quick.getByRole("dialog", { name: "Browse rooms" }).waitFor()
  // Both in one task: the browser tells of the closing only afterwards.
  await quick.evaluate(
    () =>
      new Promise<void>((told) => {
        const browse = document.querySelector("dialog") as HTMLDialogElement
        browse.addEventListener("close", () => requestAnimationFrame(() => told()))
        browse.close()
        document.dispatchEvent(new KeyboardEvent("keydown", { key: "k", ctrlKey: true, bubbles: true }))
      }),
  )
  await quick.getByRole("combobox").fill("lob")
  await quick.getByRole("option", { name: "Lobby" }).waitFor()
})

test("new messages are announced politely, failures at once, my own never", async () => {
  const [cleo, dan] = await Promise.all([house.guest("Cleo"), house.guest("Dan")])
  await say(cleo, "to myself")
  await message(dan, "to myself").waitFor()
  await say(dan, "for your ears")
  await cleo.getByRole("status", { name: "Messages" }).getByText("Dan: for your ears").waitFor()
  expect(await cleo.getByRole("status", { name: "Messages" }).innerText()).not.toContain("to myself")
  expect(await cleo.locator("ol.messages").getAttribute("aria-live")).toBe(null)
})
