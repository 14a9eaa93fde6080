import { afterAll, beforeAll, expect, test } from "bun:test"
import type { Page } from "playwright-core"
import { until } from "../support/until.ts"
import { Line } from "./support/line.ts"
import { comeBack, composer, House, message, say, texts } from "./support/people.ts"

let house: House
beforeAll(async () => {
  house = await House.open()
}, 60_000)
afterAll(() => house?.close())

const count = (all: string[], text: string): number => all.filter((one) => one === text).length

/** Messages the page keeps for later. */
const storedLetters = (page: Page): Promise<number> =>
  page.evaluate(async () => {
    const { name = "" } = (await indexedDB.databases()).find((database) => database.name?.startsWith("skein:")) ?? {}
    return new Promise<number>((resolve) => {
      const opening = indexedDB.open(name)
      opening.onsuccess = () => {
        const keys = opening.result.transaction("kept").objectStore("kept").getAllKeys()
        keys.onsuccess = () => {
          opening.result.close()
          resolve(keys.result.filter((key) => String(key).startsWith("letter:")).length)
        }
      }
    })
  })

test("kill -9 and start again on the same data: everyone is back, nothing lost, nothing doubled", async () => {
  const [ann, ben] = await Promise.all([house.guest("Ann"), house.guest("Ben")])
  await say(ann, "before")
  await message(ben, "before").waitFor()
  await house.server.kill()
  await ann.locator(".banner", { hasText: "offline" }).waitFor()
  await say(ann, "written in the dark")
  await ann.locator("li.message.queued", { hasText: "written in the dark" }).waitFor()
  await house.server.begin()
  for (const page of [ann, ben]) await comeBack(page)
  await message(ann, "written in the dark").waitFor({ timeout: 25_000 })
  await message(ben, "written in the dark").waitFor({ timeout: 40_000 })
  await say(ben, "after")
  await message(ann, "after").waitFor()
  expect(await texts(ann)).toEqual(["before", "written in the dark", "after"])
  expect(await texts(ben)).toEqual(["before", "written in the dark", "after"])
}, 120_000)

test("who has gone while the connection was lost is not shown as online when it is back", async () => {
  const [nora, olga] = await Promise.all([house.guest("Nora"), house.guest("Olga")])
  const state = nora.locator(".room-header p")
  await nora.locator(".members .member", { hasText: "Olga" }).click()
  await state.filter({ hasText: "Online" }).waitFor()
  await house.server.kill()
  await nora.locator(".banner", { hasText: "offline" }).waitFor()
  await olga.close()
  await house.server.begin()
  await comeBack(nora)
  await state.filter({ hasText: "Offline" }).waitFor()
}, 120_000)

test("written offline, kept when the page is closed, delivered once and in order", async () => {
  const line = new Line()
  const dan = await house.guest("Dan")
  const cleo = await house.guest("Cleo", {}, line.lay)
  await composer(cleo).waitFor()
  line.cut()
  await say(cleo, "offline one")
  await say(cleo, "offline two")
  await cleo.locator("li.message.queued", { hasText: "offline two" }).waitFor()
  await until(async () => (await storedLetters(cleo)) === 2, "both letters on disk")
  await cleo.close()
  expect(count(await texts(dan), "offline one")).toBe(0)

  line.mend()
  const again = await cleo.context().newPage()
  await again.goto(house.server.url)
  await message(again, "offline two").waitFor()
  await message(dan, "offline two").waitFor()
  for (const page of [again, dan]) {
    const all = await texts(page)
    expect(count(all, "offline one")).toBe(1)
    expect(count(all, "offline two")).toBe(1)
    expect(all.indexOf("offline one")).toBeLessThan(all.indexOf("offline two"))
  }
})

test("an answer lost on the way: the message is sent again and stands once", async () => {
  const line = new Line()
  const finn = await house.guest("Finn")
  const eva = await house.guest("Eva", {}, line.lay)
  await composer(eva).waitFor()
  line.deaf = true
  await say(eva, "once only")
  // The server has it, and Eva does not know.
  await message(finn, "once only").waitFor()
  await eva.locator("li.message.sending", { hasText: "once only" }).waitFor()
  line.deaf = false
  line.hangUp()
  await message(eva, "once only").waitFor()
  await say(eva, "and more")
  await message(finn, "and more").waitFor()
  expect(count(await texts(finn), "once only")).toBe(1)
  expect(count(await texts(eva), "once only")).toBe(1)
})

for (const { way, missing } of [
  { way: "HTTP streaming", missing: ["WebSocket"] },
  { way: "EventSource", missing: ["WebSocket", "ReadableStream"] },
]) {
  test(`where ${missing.join(" and ")} cannot be had the chat runs over ${way}`, async () => {
    const withOut = (page: Page) =>
      page.addInitScript((names) => {
        for (const name of names) Object.defineProperty(globalThis, name, { value: undefined })
      }, missing)
    const [kim, leo] = await Promise.all([house.guest(`Kim ${way}`, {}, withOut), house.guest(`Leo ${way}`)])
    await say(kim, `hello over ${way}`)
    await message(leo, `hello over ${way}`).waitFor()
    await say(leo, `and back over ${way}`)
    await message(kim, `and back over ${way}`).waitFor()
  })
}

test("who is disconnected by the site is told so, not that the session is over, and comes back when asking to", async () => {
  const page = await house.guest("Fay")
  await composer(page).fill("kept through it")
  const user = await page.evaluate(async () => (await (await fetch("chat/v1/hello")).json()).user.id as string)
  await house.server.api("disconnect", { user })
  await page.getByRole("heading", { name: "You were disconnected" }).waitFor()
  expect(await page.locator(".messages").count()).toBe(0)
  await page.getByRole("button", { name: "Try again" }).click()
  await composer(page).waitFor()
  expect(await composer(page).inputValue()).toBe("kept through it")
})

test("a draft survives a reload, and is gone once sent", async () => {
  const gil = await house.guest("Gil")
  await composer(gil).fill("half a thought")
  await gil.reload()
  await composer(gil).waitFor()
  expect(await composer(gil).inputValue()).toBe("half a thought")
  await composer(gil).press("Enter")
  await message(gil, "half a thought").waitFor()
  expect(await composer(gil).inputValue()).toBe("")
})

test("after signing out nothing of the person remains in the browser", async () => {
  const hana = await house.guest("Hana")
  await composer(hana).fill("secret draft")
  await hana.locator(".self-button").click()
  await hana.getByRole("button", { name: "Sign out" }).click()
  await hana.getByRole("dialog").getByRole("button", { name: "Sign out" }).click()
  await hana.getByRole("textbox", { name: "Your name" }).waitFor()
  // A database goes when the page before this one has let go of it.
  const databases = () => hana.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name))
  await until(async () => (await databases()).length === 0, "no database is left")
  const left = await hana.evaluate(() => ({ keys: Object.keys(localStorage), cookie: document.cookie }))
  expect(left).toEqual({ keys: [], cookie: "" })
  await hana.getByRole("textbox").fill("Ida")
  await hana.keyboard.press("Enter")
  await composer(hana).waitFor()
  expect(await composer(hana).inputValue()).toBe("")
})
