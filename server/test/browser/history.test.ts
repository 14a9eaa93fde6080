import { afterAll, beforeAll, expect, test } from "bun:test"
import type { Page } from "playwright-core"
import { until } from "../support/until.ts"
import { fillLobby, Voice } from "./support/crowd.ts"
import { Line } from "./support/line.ts"
import { comeBack, composer, House, message, room, say } from "./support/people.ts"

const TOTAL = 340
const WINDOW = 300

let house: House
beforeAll(async () => {
  house = await House.open()
  await fillLobby(house.server, TOTAL, "past")
}, 60_000)
afterAll(() => house?.close())

interface Seen {
  first: number
  last: number
  rows: number
  fromBottom: number
}

/** What the list holds, and how far the reader is from its end. */
const look = (page: Page): Promise<Seen> =>
  page.evaluate(() => {
    const box = document.querySelector(".list-box") as HTMLElement
    const seqs = [...box.querySelectorAll<HTMLElement>("[data-seq]")].map((row) => Number(row.dataset.seq))
    return {
      first: Math.min(...seqs),
      last: Math.max(...seqs),
      rows: seqs.length,
      fromBottom: box.scrollHeight - box.clientHeight - box.scrollTop,
    }
  })

/**
 * Scrolls, and says which row then is in the middle of the screen and at what height. A negative number counts from
 * the end: how tall the list is depends on the pages that have come by now.
 */
const scrollTo = (page: Page, topPx: number): Promise<{ seq: string; top: number }> =>
  page.evaluate((top) => {
    const box = document.querySelector(".list-box") as HTMLElement
    box.scrollTop = top < 0 ? box.scrollHeight - box.clientHeight + top : top
    // The first that reaches the middle: at the very point there may be a margin.
    const rows = [...box.querySelectorAll<HTMLElement>("[data-seq]")]
    const row = rows.find((one) => one.getBoundingClientRect().bottom > 400)
    return { seq: row?.dataset.seq ?? "", top: row?.getBoundingClientRect().top ?? 0 }
  }, topPx)

/** The read position the server holds for this page's person. */
const readUpTo = (page: Page): Promise<number> =>
  page.evaluate(async () => {
    const hello = await (await fetch("chat/v1/hello")).json()
    return hello.conversations[0].read_seq as number
  })

const topOf = (page: Page, seq: string): Promise<number> =>
  page.locator(`[data-seq="${seq}"]`).evaluate((row) => row.getBoundingClientRect().top)

test("older pages come while scrolling up, the row being read stays where it is, the far end is given up", async () => {
  const page = await house.guest("Reader")
  await until(async () => {
    const { last, fromBottom } = await look(page)
    return last === TOTAL && fromBottom < 2
  }, "the newest message")
  let held = await look(page)
  while (held.first > 1) {
    const before = await scrollTo(page, 600)
    const { first } = held
    await until(async () => (await look(page)).first < first, `messages before ${first}`)
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))))
    expect(Math.abs((await topOf(page, before.seq)) - before.top)).toBeLessThan(2)
    held = await look(page)
    expect(held.rows).toBeLessThanOrEqual(WINDOW)
  }
  expect(held.first).toBe(1)
  expect(held.last).toBeLessThan(TOTAL)

  // The window is not at its end: a new message must not be put behind the old ones, only counted.
  const voice = await Voice.enter(house.server, "Newcomer")
  await voice.say("a new one")
  await page.locator(".pill.news", { hasText: "1 new" }).waitFor()
  expect(await message(page, "a new one").count()).toBe(0)
  await page.locator(".pill").click()
  await message(page, "a new one").waitFor()
  await until(async () => (await look(page)).fromBottom < 2, "at the end")
})

test("who begins to scroll up in the very moment an older page comes keeps the row being read", async () => {
  const page = await house.guest("Hasty reader", {}, (blank) =>
    blank.addInitScript(() => {
      const insert = Node.prototype.insertBefore
      Node.prototype.insertBefore = function <T extends Node>(this: Node, node: T, before: Node | null): T {
        const box = document.querySelector<HTMLElement>(".list-box")
        const seqs = [...document.querySelectorAll<HTMLElement>("[data-seq]")].map((row) => Number(row.dataset.seq))
        const seq = node instanceof HTMLElement ? Number(node.dataset.seq) : Number.NaN
        // The first row of the older page: scrolled, and the event of that not told yet.
        if (box && seqs.length > 20 && seq < Math.min(...seqs)) {
          Node.prototype.insertBefore = insert
          box.scrollTop -= 800
          // The first that reaches the middle: at the very point there may be a margin.
          const rows = [...document.querySelectorAll<HTMLElement>("[data-seq]")]
          const row = rows.find((one) => one.getBoundingClientRect().bottom > 400)
          Object.assign(window, { reading: { seq: row?.dataset.seq, top: row?.getBoundingClientRect().top } })
        }
        return insert.call(this, node, before) as T
      }
    }),
  )
  const reading = await page
    .waitForFunction(() => (window as { reading?: { seq: string; top: number } }).reading)
    .then((handle) => handle.jsonValue())
  if (!reading?.seq) throw new Error("no row was in the middle of the screen")
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))))
  expect(Math.abs((await topOf(page, reading.seq)) - reading.top)).toBeLessThan(2)
  await page.locator(".pill").waitFor()
})

test("moving over messages draws those one comes to, not the whole list", async () => {
  const page = await house.guest("Hana", {}, (blank) =>
    blank.addInitScript(() => {
      const { matchAll } = String.prototype
      const counted = globalThis as typeof globalThis & { drawn: number }
      counted.drawn = 0
      // What a text is made of is looked up whenever its row is drawn.
      String.prototype.matchAll = function (this: string, pattern: RegExp) {
        if (this.startsWith("past ")) counted.drawn++
        return matchAll.call(this, pattern)
      }
    }),
  )
  await message(page, `past ${TOTAL} `).waitFor()
  const drawn = () => page.evaluate(() => (globalThis as typeof globalThis & { drawn: number }).drawn)
  await until(async () => (await look(page)).rows >= 50, "the first page is there")
  expect(await drawn()).toBeGreaterThan(40)
  const passed = [0, 1, 2, 3, 4]
  /** How many rows moving over some of them draws. Scrolling one into reach may bring an older page. */
  const drawnByMoving = async () => {
    const [before, { rows }] = [await drawn(), await look(page)]
    for (const n of passed) {
      const row = message(page, `past ${TOTAL - n} `)
      await row.hover()
      await row.getByRole("button", { name: "Reply" }).waitFor()
    }
    return (await drawn()) - before - ((await look(page)).rows - rows) * 2
  }
  // What else a page has to do may draw all of them once, in the first round; moving would do so in each.
  const rounds = [await drawnByMoving(), await drawnByMoving(), await drawnByMoving()]
  // One comes in as another is left.
  expect(Math.min(...rounds)).toBeLessThan(passed.length * 4)
})

test("a message that comes while one reads further up moves nothing and is not marked as read", async () => {
  const page = await house.guest("Slow reader")
  await until(async () => (await look(page)).rows > 20, "a page")
  const before = await scrollTo(page, -800)
  await page.locator(".pill").waitFor()
  const voice = await Voice.enter(house.server, "Loud")
  await voice.say("LOUD")
  await page.locator(".pill.news").waitFor()
  expect(Math.abs((await topOf(page, before.seq)) - before.top)).toBeLessThan(1)
  await page.locator(".room-item .badge", { hasText: "1" }).waitFor()
  await voice.say("LOUDER")
  await page.locator(".room-item .badge", { hasText: "2" }).waitFor()
  expect(Math.abs((await topOf(page, before.seq)) - before.top)).toBeLessThan(1)
  await page.locator(".pill").click()
  await page.locator(".room-item .badge").waitFor({ state: "detached" })
})

test("many unread: one opens at the newest, a chip leads to the first of them; Esc takes the chip away", async () => {
  const page = await house.guest("Absent")
  await until(async () => (await look(page)).rows > 20, "a page")
  const seen = (await look(page)).last
  await until(async () => (await readUpTo(page)) === seen, "the read position on the server")
  await page.goto("about:blank")
  await fillLobby(house.server, 70, "missed")
  await page.goto(house.server.url)
  await page.locator(".chip", { hasText: "70 new" }).waitFor()
  await page.locator(".chip").click()
  await page.locator(".unread-line").waitFor()
  expect(await page.locator(".unread-line + li").getAttribute("data-seq")).toBe(String(seen + 1))
  await page.locator(".chip").waitFor({ state: "detached" })
})

test("coming back to a room one begins at the first unread message, not at the end", async () => {
  const page = await house.guest("Wanderer")
  await until(async () => (await look(page)).rows > 20, "a page")
  await Voice.enter(house.server, "Companion")
  await page.keyboard.press("Control+k")
  await page.keyboard.type("Compan")
  await page.getByRole("option", { name: "Companion" }).click()
  await page.getByRole("heading", { level: 1, name: "Companion" }).waitFor()
  await say(page, "over here")
  await message(page, "over here").waitFor()
  await fillLobby(house.server, 40, "meanwhile")
  await room(page, "Lobby").locator(".badge", { hasText: "40" }).waitFor()
  await room(page, "Lobby").click()
  await page.locator(".unread-line").waitFor()
  await until(
    () => page.locator(".unread-line").evaluate((line) => Math.abs(line.getBoundingClientRect().top - 230) < 120),
    "the divider in the upper part of the screen",
  )
  expect((await look(page)).fromBottom).toBeGreaterThan(300)
  // Only what has been on screen is read.
  const left = async () => Number.parseInt(await room(page, "Lobby").locator(".badge span").first().innerText(), 10)
  await until(async () => (await left()) < 40, "what is on screen is read")
  expect(await left()).toBeGreaterThan(5)
})

test("writing a long text, line by line, does not take the newest message out of sight", async () => {
  const page = await house.guest("Writer")
  await until(async () => (await look(page)).rows > 20, "a page")
  await composer(page).click()
  for (let line = 0; line < 25; line++) {
    await page.keyboard.type(`line ${line}`)
    await page.keyboard.press("Shift+Enter")
  }
  expect(await composer(page).evaluate((field) => field.clientHeight)).toBeGreaterThan(200)
  await until(async () => (await look(page)).fromBottom < 2, "at the end")
  expect(await page.locator(".pill").count()).toBe(0)
  await page.keyboard.press("Control+a")
  await page.keyboard.press("Backspace")
  await until(async () => (await look(page)).fromBottom < 2, "at the end")
})

test("a link to an old message opens around it, and answering from there leads back to the newest", async () => {
  const page = await house.guest("Follower")
  await until(async () => (await look(page)).rows > 20, "a page")
  await page.goto(`${house.server.url}/#/r/lobby/42`)
  await page.locator('[data-seq="42"]').waitFor()
  await until(
    () =>
      page
        .locator('[data-seq="42"]')
        .evaluate((row) => row.getBoundingClientRect().top > 0 && row.getBoundingClientRect().bottom < innerHeight),
    "message 42 on screen",
  )
  expect((await look(page)).last).toBeLessThan(200)
  await say(page, "back here")
  await message(page, "back here").waitFor()
  await until(async () => (await look(page)).fromBottom < 2, "at the end")
})

test("a link to a message that does not exist says so; pressing the open room leads from far above to the newest", async () => {
  const page = await house.guest("Strayer")
  await until(async () => (await look(page)).rows > 20, "a page")
  await page.evaluate(() => {
    location.hash = "/r/lobby/999999"
  })
  await page.locator(".toast", { hasText: "That message isn’t in this conversation" }).waitFor()
  await page.evaluate(() => {
    location.hash = "/r/lobby/42"
  })
  await page.locator('[data-seq="42"]').waitFor()
  await room(page, "Lobby").click()
  await until(async () => {
    const { last, fromBottom } = await look(page)
    return last >= TOTAL && fromBottom < 2
  }, "the newest message")
})

test("an answer to what is far above shows what it answers, also when that changes", async () => {
  const author = await Voice.enter(house.server, "Author")
  const lobby = await author.lobby()
  const conversation = `/conversations/${lobby}/messages`
  const { message: old } = await author.call<{ message: { seq: number } }>("POST", conversation, {
    client_id: crypto.randomUUID(),
    text: "what was it about",
  })
  await fillLobby(house.server, 110, "between")
  await author.call("POST", conversation, {
    client_id: crypto.randomUUID(),
    text: "it was about this",
    reply_to_seq: old.seq,
  })
  const page = await house.guest("Late reader")
  const quote = message(page, "it was about this").locator(".quote")
  await quote.getByText("what was it about").waitFor()
  await quote.getByText("Author").waitFor()
  expect((await look(page)).first).toBeGreaterThan(old.seq)
  await author.call("DELETE", `${conversation}/${old.seq}`)
  await quote.getByText("Message deleted").waitFor()
  await quote.click()
  await page.locator(`li.message[data-seq="${old.seq}"] .tombstone`).waitFor()
})

test("too far behind: what was not sent is shown as a gap, and loads on demand", async () => {
  const line = new Line()
  const page = await house.guest("Sleeper", {}, line.lay)
  await until(async () => (await look(page)).rows > 20, "a page")
  line.cut()
  await until(() => page.locator(".banner").isVisible(), "the banner", 15_000)
  await fillLobby(house.server, 210, "asleep")
  line.mend()
  await comeBack(page)
  await page.locator("li.gap").first().waitFor({ timeout: 25_000 })
  const gap = await page.locator("li.gap").first().innerText()
  expect(gap).toContain("160 messages not loaded")
  await page.locator("li.gap").first().getByRole("button", { name: "Load" }).click()
  await page.locator("li.gap", { hasText: "110 messages not loaded" }).waitFor()
}, 60_000)
