import { afterAll, beforeAll, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { Browser, Page } from "playwright-core"
import { openBrowser } from "../../support/chromium.ts"
import { TestServer } from "../../support/server.ts"
import { WebChat } from "../web-chat.ts"

const PAGE = readFileSync(join(import.meta.dir, "../../../../examples/plain-chat/index.html"), "utf8")

let server: TestServer
let browser: Browser
/** Where the tutorial's page lives: another port, as `php -S` would serve it. */
let site: ReturnType<typeof Bun.serve>

beforeAll(async () => {
  site = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => new Response(PAGE, { headers: { "Content-Type": "text/html; charset=utf-8" } }),
  })
  server = await TestServer.start({ env: { SKEIN_SERVER_ORIGINS: `http://127.0.0.1:${site.port}` } })
  browser = await openBrowser()
}, 60_000)
afterAll(async () => {
  await browser?.close()
  await server?.stop()
  await site?.stop(true)
})

async function visit(query: string, locale = "zh-CN"): Promise<Page> {
  const context = await browser.newContext({ locale })
  const page = await context.newPage()
  await page.goto(`http://127.0.0.1:${site.port}/?server=127.0.0.1:${server.port}&${query}`)
  await page.getByText("已连接").waitFor()
  return page
}

const say = async (page: Page, text: string) => {
  await page.fill("#text", text)
  await page.press("#text", "Enter")
}
const sees = (page: Page, text: string) => page.getByText(text, { exact: true }).waitFor()

test("two tutorial pages talk in the lobby, the web chat reads along and answers", async () => {
  const [one, two] = [await visit("user=7"), await visit("user=8")]
  await say(one, "你好 <img src=x onerror=alert(1)>")
  await sees(two, "你好 <img src=x onerror=alert(1)>")
  expect(await two.locator("img").count()).toBe(0)
  const chat = await WebChat.signIn(server.url, "Web")
  expect((await chat.messages("lobby")).at(-1)).toMatchObject({
    body: "你好 <img src=x onerror=alert(1)>",
    sender_id: "7",
  })
  await chat.say("lobby", "hello from the web chat")
  for (const page of [one, two]) await sees(page, "hello from the web chat")
  for (const page of [one, two]) await page.context().close()
}, 60_000)

test("in a room the pages are told who said it, in their own language who left", async () => {
  const [one, two] = [await visit("user=7&room=tea"), await visit("user=8&room=tea", "en-US")]
  await sees(one, "已加入房间 tea")
  await sees(two, "Joined room tea")
  await say(one, "oolong?")
  await sees(two, "7: oolong?")
  await one.context().close()
  await two.getByText(/left the room$/).waitFor()
  await two.context().close()
}, 60_000)

test("a page comes back by itself after the server was killed", async () => {
  const [one, two] = [await visit("user=7"), await visit("user=8")]
  await server.kill()
  for (const page of [one, two]) await page.getByText(/已断开/).waitFor()
  await server.begin()
  for (const page of [one, two]) await page.getByText("已连接").waitFor()
  await say(one, "here again")
  await sees(two, "here again")
  for (const page of [one, two]) await page.context().close()
}, 60_000)
