import { afterAll, beforeAll, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import type { Page } from "playwright-core"
import { until } from "../support/until.ts"
import { Voice } from "./support/crowd.ts"
import { composer, House, message, say } from "./support/people.ts"

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")

let house: House
beforeAll(async () => {
  house = await House.open({ SKEIN_CHAT_CREATE_ROOMS: "anyone" })
  // Somebody who is away: drawn quieter than the others, and still to be read. The first call makes them a member.
  await (await Voice.enter(house.server, "Abel Away")).lobby()
}, 60_000)
afterAll(() => house?.close())

interface Finding {
  id: string
  impact: string | null
  nodes: { html: string; failureSummary?: string }[]
}

/** What axe finds serious or critical. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(async () => {
    const ends = (animation: Animation) => animation.effect?.getComputedTiming().endTime !== Number.POSITIVE_INFINITY
    await Promise.allSettled(
      document
        .getAnimations()
        .filter(ends)
        .map((animation) => animation.finished),
    )
  })
  await page.evaluate(AXE)
  const findings = await page.evaluate(async () => {
    const axe = (globalThis as never as { axe: { run(): Promise<{ violations: Finding[] }> } }).axe
    return (await axe.run()).violations
  })
  return findings
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`),
    )
}

for (const colorScheme of ["light", "dark"] as const) {
  for (const locale of ["en-US", "zh-CN"] as const) {
    test(`axe finds nothing serious: ${colorScheme}, ${locale}`, async () => {
      const page = await house.visitor({ colorScheme, locale, bypassCSP: true })
      await page.getByRole("textbox").waitFor()
      expect(await violations(page)).toEqual([])
      await page.getByRole("textbox").fill(`Guest ${colorScheme} ${locale}`)
      await page.keyboard.press("Enter")
      await composer(page).waitFor()
      await say(page, "Hello `code` https://example.org")
      await message(page, "Hello").first().waitFor()
      await message(page, "Hello").last().hover()
      await page.locator(".member.away").first().waitFor()
      expect(await violations(page)).toEqual([])
      await page.keyboard.press("Control+k")
      await page.getByRole("combobox").waitFor()
      expect(await violations(page)).toEqual([])
      await page.keyboard.press("Escape")
      await page.locator(".self-button").click()
      await page.locator(".settings").waitFor()
      expect(await violations(page)).toEqual([])
    })
  }
}

test("in forced colours, which draw no shadows, what lies over the page has an edge, and what is chosen a frame", async () => {
  const page = await house.guest("Contrast", { forcedColors: "active" })
  await page.locator(".self-button").click()
  await page.locator(".settings").waitFor()
  await page.keyboard.press("Escape")
  const edge = (selector: string) =>
    page.locator(selector).evaluate((element) => getComputedStyle(element).borderTopWidth)
  expect(await edge(".self .popover")).toBe("1px")
  await page.keyboard.press("Control+k")
  await page.getByRole("combobox").waitFor()
  expect(await edge("dialog[open]")).toBe("1px")
  const frame = (selector: string) =>
    page.locator(selector).evaluate((element) => getComputedStyle(element).outlineStyle)
  expect([await frame(".choices > .chosen"), await frame(".room-item.current")]).toEqual(["solid", "solid"])
})

test("a chosen theme and language hold from the first paint after a reload", async () => {
  const page = await house.guest("Thea", { colorScheme: "light" })
  await page.locator(".self-button").click()
  await page.getByRole("radio", { name: "Dark" }).check()
  await page.getByRole("radio", { name: "中文" }).check()
  await page.getByRole("heading", { name: "房间" }).waitFor()
  await page.addInitScript(() => {
    document.addEventListener("DOMContentLoaded", () => {
      const root = document.documentElement
      Object.assign(globalThis, { first: { theme: root.dataset.theme, lang: root.lang } })
    })
  })
  await page.reload()
  await page.getByRole("heading", { name: "房间" }).waitFor()
  const first = await page.evaluate(() => (globalThis as never as { first: unknown }).first)
  expect(first).toEqual({ theme: "dark", lang: "zh-CN" })
})

test("a mangled link leads nowhere and takes nothing else with it", async () => {
  const page = await house.guest("Lost")
  await page.goto("about:blank")
  await page.goto(`${house.server.url}/#/r/%E0%A4%A`)
  await page.getByRole("heading", { name: "This conversation isn’t here" }).waitFor()
  await page.locator(".room-item", { hasText: "Lobby" }).click()
  await composer(page).waitFor()
})

test("long names, unbroken words and right-to-left text stay within the page, at every width", async () => {
  const page = await house.guest("Wilhelmina Featherstonehaugh-Montgome")
  await say(page, "x".repeat(1_500))
  await say(page, "مرحبا بالجميع، هل يمكنني المساعدة؟")
  await say(page, "a")
  await message(page, "مرحبا").waitFor()
  for (const width of [320, 360, 768, 1024, 1280, 1920]) {
    await page.setViewportSize({ width, height: 800 })
    const over = () =>
      page.evaluate(() => {
        const list = document.querySelector(".list-box") as HTMLElement
        return document.documentElement.scrollWidth - innerWidth + list.scrollWidth - list.clientWidth
      })
    // The page may still be moving its panes about.
    await until(async () => (await over()) === 0, `nothing wider than the page at ${width} px`)
  }
  expect(
    await message(page, "مرحبا")
      .locator(".text")
      .evaluate((text) => getComputedStyle(text).direction),
  ).toBe("rtl")
})

test("no page complained: no script error, nothing against the content policy", () => {
  expect(house.complaints).toEqual([])
})
