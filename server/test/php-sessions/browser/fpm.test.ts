import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { statSync } from "node:fs"
import { join } from "node:path"
import type { Browser } from "playwright-core"
import { type Guest, say, sees } from "../../deploy/browser/people.ts"
import { openBrowser } from "../../support/chromium.ts"
import { ABOUT_A_SECOND_MS, until } from "../../support/until.ts"
import { openPhpHost, type PhpHost, type SessionPlace, sessionFolder } from "../fpm.ts"
import { startMemcached, startRedis } from "../services.ts"
import { Computer, found, kept } from "./computer.ts"

const SECRET = "the goose flies at midnight"
const DRAFT = "and nobody must ever"
const OF_ZHANG = new RegExp(`${SECRET}|${DRAFT}`)
const stops: (() => unknown)[] = []
const sessions = sessionFolder()
const files = { "session.save_handler": "files", "session.save_path": sessions.path }
const ASKED = "files only whoami.php is asked about"
/** What whoever reads sessions directly is told. */
const direct = { SKEIN_SESSIONS_FRAMEWORK: "php", SKEIN_SESSIONS_NAME_PATH: "user_name" }

const PLACES: Readonly<Record<string, () => Promise<SessionPlace>>> = {
  files: async () => ({
    ini: files,
    skein: () => ({ ...direct, SKEIN_SESSIONS_STORE: "files", SKEIN_SESSIONS_FOLDER: sessions.path }),
  }),
  async Redis() {
    const { port, stop } = await startRedis()
    stops.push(stop)
    const address = `tcp://127.0.0.1:${port}`
    return {
      ini: { "session.save_handler": "redis", "session.save_path": address },
      skein: () => ({ ...direct, SKEIN_SESSIONS_STORE: "redis", SKEIN_SESSIONS_REDIS_URLS: address }),
    }
  },
  async Memcached() {
    const { port, stop } = await startMemcached()
    stops.push(stop)
    const address = `127.0.0.1:${port}`
    return {
      ini: { "session.save_handler": "memcached", "session.save_path": address },
      skein: () => ({ ...direct, SKEIN_SESSIONS_STORE: "memcached", SKEIN_SESSIONS_MEMCACHED_SERVERS: address }),
    }
  },
  [ASKED]: async () => ({
    ini: files,
    skein: (whoamiUrl) => ({ SKEIN_CALLBACK_URL: whoamiUrl, SKEIN_CALLBACK_COOKIES: "PHPSESSID" }),
    tellsOfLogout: true,
  }),
}

let browser: Browser
beforeAll(async () => {
  browser = await openBrowser("*.example.com")
}, 60_000)
afterAll(async () => {
  await browser?.close()
  for (const stop of stops.reverse()) await stop()
  sessions.remove()
})

for (const [name, place] of Object.entries(PLACES))
  describe(`a site run by php-fpm behind nginx, with its sessions in ${name}`, () => {
    let host: PhpHost
    beforeAll(async () => {
      host = await openPhpHost(await place())
    }, 90_000)
    afterAll(() => host?.stop())
    const chatting = async (account: string, name: string): Promise<[Computer, Guest]> => {
      const computer = await Computer.at(host, browser)
      await computer.logIn(account, name)
      return [computer, await computer.openChat(name)]
    }

    test("its login is the chat's, its logout closes the chat, and the next at the browser finds nothing", async () => {
      const [[elsewhere, li], [shared, zhang]] = await Promise.all([chatting("li", "李娜"), chatting("zhang", "张伟")])
      expect(zhang.sockets).toEqual([`${host.url.replace("https", "wss")}skein/connection/websocket`])
      await talkInPrivate(zhang, li)
      for (const text of [await found(zhang.page), await kept(zhang.page)]) expect(text).toMatch(OF_ZHANG)
      // What a page shows and what is told of its socket come on ways of their own.
      await until(() => OF_ZHANG.test(shared.heard), "the socket brought it")

      const loggedOutAtMs = await shared.logOut()
      await until(() => shared.closedAtMs !== undefined, "the chat's socket is closed")
      expect((shared.closedAtMs ?? 0) - loggedOutAtMs).toBeLessThan(ABOUT_A_SECOND_MS)
      await zhang.page.getByRole("heading", { name: "You’re signed out" }).waitFor()
      expect(await found(zhang.page)).not.toMatch(OF_ZHANG)

      // In one tab the next person logs in; in the other stands what was Zhang's chat, at the address of his talk.
      await shared.logIn("wang", "王芳")
      await zhang.page.bringToFront()
      await zhang.page.getByRole("button", { name: "Try again" }).click()
      await zhang.page.locator(".self-name", { hasText: "王芳" }).waitFor()
      await zhang.page.locator(".room-item", { hasText: "Lobby" }).click()
      await say(zhang, "a new face")
      await sees(zhang, "a new face")
      await until(() => shared.heard.includes("a new face"), "the socket brought that")
      for (const text of [await found(zhang.page), await kept(zhang.page), shared.heard])
        expect(text).not.toMatch(OF_ZHANG)
      expect(await zhang.page.locator(".room-item", { hasText: "李娜" }).count()).toBe(0)
      await Promise.all([shared.leave(), elsewhere.leave()])
    }, 120_000)

    test("a visitor without a login is not signed in to the chat, and comes from the true address for PHP and for Skein", async () => {
      const computer = await Computer.at(host, browser)
      await computer.site.getByText("fpm-fcgi for 127.0.0.1", { exact: true }).waitFor()
      await computer.site.getByRole("link", { name: "Log in" }).click()
      await computer.submit("zhang", "swan")
      await computer.site.getByRole("alert").waitFor()
      await computer.site.goto(`${host.url}skein/`)
      await computer.site.getByRole("heading", { name: "Please sign in" }).waitFor()

      await computer.knockFromNowhere()
      const refused = await until(() => lineOf(host, "origin not allowed"), "the refusal in the log")
      expect(refused).toMatchObject({ origin: "null", address: "127.0.0.1" })
      await computer.leave()
    }, 60_000)

    if (name === "files" || name === ASKED)
      test("the chat leaves the session as it is, for the site's own pages to prolong", async () => {
        const computer = await Computer.at(host, browser)
        await computer.logIn("zhang", "张伟")
        const id = (await computer.context.cookies()).find((cookie) => cookie.name === "PHPSESSID")?.value
        const prolongedAtMs = () => statSync(join(sessions.path, `sess_${id}`)).mtimeMs
        const beforeMs = prolongedAtMs()
        await computer.openChat("张伟")
        expect(prolongedAtMs()).toBe(beforeMs)
        await computer.site.reload()
        expect(prolongedAtMs()).toBeGreaterThan(beforeMs)
        await computer.leave()
      }, 60_000)
  })

/** Zhang writes to Li alone, she reads it, and he leaves half a sentence behind. */
async function talkInPrivate(zhang: Guest, li: Guest): Promise<void> {
  const answer = await zhang.page.evaluate(async () => {
    const body = JSON.stringify({ user_id: "44" })
    const headers = { "content-type": "application/json" }
    return (await fetch("chat/v1/direct", { method: "POST", headers, body })).status
  })
  expect(answer).toBe(200)
  await zhang.page.locator(".room-item", { hasText: "李娜" }).click()
  await zhang.page.getByRole("heading", { level: 1, name: "李娜" }).waitFor()
  await say(zhang, SECRET)
  await sees(zhang, SECRET)
  await li.page.locator(".room-item", { hasText: "张伟" }).click()
  await sees(li, SECRET)
  await zhang.page.locator(".composer textarea").fill(DRAFT)
  await until(async () => (await kept(zhang.page)).includes(DRAFT), "the draft is kept in the browser")
}

function lineOf(host: PhpHost, words: string): Record<string, unknown> | undefined {
  const line = host.server.log.split("\n").find((text) => text.includes(words))
  return line === undefined ? undefined : JSON.parse(line)
}
