import { afterAll, beforeAll, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import type { Page } from "playwright-core"
import { composer, House, message, say } from "./support/people.ts"

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")

let house: House
beforeAll(async () => {
  house = await House.open({ SKEIN_CHAT_CREATE_ROOMS: "anyone" })
})
afterAll(() => house.close())

interface Finding {
  id: string
  impact: string | null
  nodes: { html: string; failureSummary?: string }[]
}

/** What axe finds serious or critical. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(() =>
    Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => null))).then(() => null),
  )
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

test("long names, unbroken words and right-to-left text stay within the page, at every width", async () => {
  const page = await house.guest("Wilhelmina Featherstonehaugh-Montgome")
  await say(page, "x".repeat(1_500))
  await say(page, "مرحبا بالجميع، هل يمكنني المساعدة؟")
  await say(page, "a")
  await message(page, "مرحبا").waitFor()
  for (const width of [320, 360, 768, 1024, 1280, 1920]) {
    await page.setViewportSize({ width, height: 800 })
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0)
    expect(await page.locator(".list-box").evaluate((box) => box.scrollWidth - box.clientWidth)).toBe(0)
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
