import { afterAll, beforeAll, expect, test } from "bun:test"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Page } from "playwright-core"
import { Visitor } from "../php-sessions/site.ts"
import { until } from "../support/until.ts"
import { House, message, say, texts } from "./support/people.ts"

let house: House
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "skein-signs-in-"))
  house = await House.open({
    SKEIN_SESSIONS_FRAMEWORK: "php",
    SKEIN_SESSIONS_STORE: "files",
    SKEIN_SESSIONS_FOLDER: folder,
  })
}, 60_000)
afterAll(async () => {
  await house?.close()
  await rm(folder, { recursive: true, force: true })
})

/** Logs in on a page of the site in the same browser. */
async function logIn(page: Page, user: string): Promise<Visitor> {
  const site = new Visitor({ "session.save_handler": "files", "session.save_path": folder })
  await site.login(user)
  const [name = "", value = ""] = site.cookie.split("=")
  await page.context().addCookies([{ name, value, url: house.server.url }])
  return site
}

const selfName = (page: Page) => page.locator(".self-name").textContent()

test("the open page of a guest goes on as the member when he logs in at the site, and others see who it was", async () => {
  const [ann, ben] = await Promise.all([house.guest("Ann"), house.guest("Ben")])
  await say(ann, "Where is my order?")
  await message(ben, "Where is my order?").waitFor()
  await say(ben, "Which one?")
  await message(ann, "Which one?").waitFor()

  const site = await logIn(ann, "72")
  // The next page of the site asks; the chat stands open in another tab.
  const tab = await ann.context().newPage()
  await tab.goto(`${house.server.url}/`)
  await until(async () => (await selfName(tab)) === "张伟 72", "the new tab is the member's", 15_000)
  await until(async () => (await selfName(ann)) === "张伟 72", "and so is the old one", 15_000)
  await until(async () => (await texts(ann)).length === 2, "all that was said is there", 15_000)
  expect(await texts(ann)).toEqual(["Where is my order?", "Which one?"])
  await say(ann, "The blue one")
  await message(ben, "The blue one").waitFor()
  await ben.locator("li.message", { hasText: "Where is my order?" }).getByText("张伟 72").first().waitFor()
  const oldNames = ben.locator(".messages, main").getByText("Ann", { exact: true })
  await until(async () => (await oldNames.count()) === 0, "nothing stands under the guest's name")

  await site.visit("do=logout")
  await until(async () => (await ann.locator(".self-name").count()) === 0, "nothing of the member is left", 15_000)
  const next = await ann.context().newPage()
  await next.goto(`${house.server.url}/`)
  await next.getByRole("textbox", { name: "Your name" }).waitFor()
  expect(house.complaints).toEqual([])
}, 90_000)

test("the lobby is called what the reader calls it", async () => {
  const page = await house.visitor({ locale: "zh-CN" })
  await page.getByRole("textbox").fill("小王")
  await page.keyboard.press("Enter")
  await page.getByRole("heading", { level: 1, name: "大厅" }).waitFor()
}, 30_000)
