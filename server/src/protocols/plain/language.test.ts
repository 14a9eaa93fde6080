import { expect, test } from "bun:test"
import { preferredLanguage } from "./language.ts"

for (const [header, language] of [
  [null, "zh-CN"],
  ["", "zh-CN"],
  ["*", "zh-CN"],
  ["fr-FR,fr;q=0.9", "zh-CN"],
  ["en", "en"],
  ["en-US,en;q=0.9", "en"],
  ["en-US,en;q=0.9,zh-CN;q=0.8", "en"],
  ["zh-TW,zh;q=0.9,en;q=0.8", "zh-CN"],
  ["fr, EN-gb ; q=0.5, zh;q=0.4", "en"],
  ["en;q=0, zh;q=0", "zh-CN"],
  ["en;q=abc", "zh-CN"],
  ["en;q=7", "zh-CN"],
  [`${"x,".repeat(10_000)}en`, "zh-CN"],
] as const)
  test(`PLAIN-36: ${header?.slice(0, 40)} asks for ${language}`, () => {
    expect(preferredLanguage(header, "zh-CN")).toBe(language)
  })

test("PLAIN-36: who names neither gets what is configured", () => {
  expect(preferredLanguage("fr", "en")).toBe("en")
  expect(preferredLanguage("en;q=0.5,zh;q=0.5", "en")).toBe("en")
})
