import { afterAll, beforeAll, expect, test } from "bun:test"
import type { Page } from "playwright-core"
import { until } from "../support/until.ts"
import { Line } from "./support/line.ts"
import { comeBack, composer, House, message, room, say } from "./support/people.ts"

let house: House
beforeAll(async () => {
  house = await House.open({ SKEIN_CHAT_CREATE_ROOMS: "anyone" })
}, 60_000)
afterAll(() => house?.close())

/** Opens a room as this page's person, and says `count` things there. */
async function openRoom(page: Page, name: string, count: number): Promise<void> {
  await page.evaluate(
    async ([name, count]) => {
      const post = async (path: string, body: object) => {
        const headers = { "content-type": "application/json" }
        const answer = await fetch(`chat/v1${path}`, { method: "POST", headers, body: JSON.stringify(body) })
        if (!answer.ok) throw new Error(await answer.text())
        return answer.json()
      }
      const { conversation } = await post("/rooms", { name })
      for (let i = 1; i <= count; i++) {
        const text = `${name} ${i}`
        await post(`/conversations/${conversation.id}/messages`, { client_id: crypto.randomUUID(), text })
      }
    },
    [name, count] as const,
  )
  await room(page, name).waitFor()
}

async function startEdit(page: Page): Promise<void> {
  await composer(page).focus()
  await page.keyboard.press("ArrowUp")
  await page.locator(".intent").waitFor()
}

test("an edit that could not be saved comes back in its own room, and can be saved there", async () => {
  const line = new Line()
  const ella = await house.guest("Ella", {}, line.lay)
  await openRoom(ella, "Elsewhere", 2)
  await say(ella, "befor")
  await message(ella, "befor").waitFor()
  await startEdit(ella)
  await composer(ella).fill("before")
  line.cut()
  await composer(ella).press("Enter")
  await room(ella, "Elsewhere").click()
  await until(async () => (await composer(ella).getAttribute("placeholder"))?.includes("Elsewhere"), "the other room")
  // The call gives up, and says so.
  await ella.locator(".toast").waitFor()
  expect(await ella.locator(".intent").count()).toBe(0)
  expect(await composer(ella).inputValue()).toBe("")
  line.mend()
  await comeBack(ella)
  await room(ella, "Lobby").click()
  await ella.locator(".intent").waitFor()
  expect(await composer(ella).inputValue()).toBe("before")
  await composer(ella).press("Enter")
  await ella.locator("li.message", { hasText: "before (edited)" }).waitFor()
  expect(await message(ella, "Elsewhere").count()).toBe(0)
}, 90_000)

test("an edit and a reply begun in a room wait there while one looks elsewhere; one of a deleted message does not", async () => {
  const page = await house.guest("Finn")
  await openRoom(page, "Sideways", 1)
  await say(page, "first thought")
  await message(page, "first thought").waitFor()
  await startEdit(page)
  await composer(page).fill("second thought")
  await room(page, "Sideways").click()
  await message(page, "Sideways 1").waitFor()
  expect(await composer(page).inputValue()).toBe("")
  await message(page, "Sideways 1").hover()
  await page.getByRole("button", { name: "Reply" }).click()
  await composer(page).fill("an answer")
  await page.goBack()
  await message(page, "first thought").waitFor()
  expect(await composer(page).inputValue()).toBe("second thought")
  await page.goForward()
  await page.locator(".intent", { hasText: "Sideways 1" }).waitFor()
  expect(await composer(page).inputValue()).toBe("an answer")
  // Deleted in another tab while the reply is being written.
  const tab = await page.context().newPage()
  await tab.goto(page.url())
  await message(tab, "Sideways 1").hover()
  await tab.locator(".action-bar .danger").click()
  await tab.locator(".question .danger").click()
  await page.locator(".intent", { hasText: "Message deleted" }).waitFor()
  await room(page, "Lobby").click()
  await message(page, "first thought").waitFor()
  await room(page, "Sideways").click()
  await page.locator(".tombstone").waitFor()
  expect(await page.locator(".intent").count()).toBe(0)
  expect(await composer(page).inputValue()).toBe("an answer")
})

test("a link into a room that is left before it answers moves nobody in the next room", async () => {
  const line = new Line()
  const page = await house.guest("Hasty", {}, line.lay)
  await openRoom(page, "Onward", 9)
  await room(page, "Onward").click()
  await message(page, "Onward 9").waitFor()
  const onward = await page.evaluate(() => location.hash)
  await room(page, "Lobby").click()
  await composer(page).waitFor()
  // The answers are on their way.
  line.deaf = true
  await page.evaluate(
    (hash) => {
      location.hash = hash
    },
    `${await room(page, "Lobby").getAttribute("href")}/5`,
  )
  await page.evaluate((hash) => {
    location.hash = hash
    // Seen before it fades.
    const seen = () => {
      if (document.querySelector(".message.flash")) Object.assign(globalThis, { flashed: true })
      requestAnimationFrame(seen)
    }
    seen()
  }, onward)
  await message(page, "Onward 5").waitFor()
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))))
  expect(await page.evaluate(() => "flashed" in globalThis)).toBe(false)
  line.deaf = false
})

const DENIED = {
  "blocked by throwing": () => {
    const no = () => {
      throw new DOMException("denied", "SecurityError")
    }
    for (const name of ["localStorage", "indexedDB"]) Object.defineProperty(globalThis, name, { get: no })
    Object.defineProperty(globalThis, "BroadcastChannel", { value: no })
  },
  full: () => {
    const no = () => {
      throw new DOMException("full", "QuotaExceededError")
    }
    Object.defineProperty(Storage.prototype, "setItem", { value: no })
    Object.defineProperty(IDBObjectStore.prototype, "put", { value: no })
  },
  "deaf for ever": () => {
    Object.defineProperty(IDBFactory.prototype, "open", { value: () => new EventTarget() })
  },
}

for (const [what, deny] of Object.entries(DENIED)) {
  test(`where the browser's storage is ${what}, the talk goes on`, async () => {
    const page = await house.guest(`Kept ${what}`, {}, (blank) => blank.addInitScript(deny))
    await say(page, `one, ${what}`)
    await message(page, `one, ${what}`).waitFor()
    await page.locator(".self-button").click()
    await page.getByRole("radio", { name: "Dark" }).check()
    await page.reload()
    await message(page, `one, ${what}`).waitFor()
    await composer(page).fill("two")
    await composer(page).press("Enter")
    await message(page, "two").last().waitFor()
  }, 60_000)
}

test("no page complained", () => {
  expect(house.complaints).toEqual([])
})
