import { expect, test } from "bun:test"
import { cleanName, fittingName, nameKey, slugOf } from "./names.ts"

test("CHAT-19 names lose what cannot be seen and keep every script", () => {
  expect(cleanName("  Ann \t Lee\n", 40, "a name")).toBe("Ann Lee")
  expect(cleanName("张三", 40, "a name")).toBe("张三")
  expect(cleanName("evil\u202Etxt\u200B\u0007", 40, "a name")).toBe("eviltxt")
  expect(() => cleanName("\u200B \u202E", 40, "a name")).toThrow("visible")
  for (const blank of ["\u3164", "\u2800", "\u115F \uFFA0"])
    expect(() => cleanName(blank, 40, "a name")).toThrow("visible")
  expect(() => cleanName("x".repeat(41), 40, "a name")).toThrow("at most 40")
  expect(cleanName("👋".repeat(40), 40, "a name")).toBe("👋".repeat(40))
})

test("CHAT-19 names that look the same are the same", () => {
  const keys = ["Ann Lee", "ANN  LEE", "ａｎｎ lee", "ann\u200B lee", "Ann Lee\u3164", "Ann\u034F Lee \u2800"].map(
    nameKey,
  )
  expect(new Set(keys).size).toBe(1)
})

test("a name from elsewhere is made to fit", () => {
  expect(fittingName("x".repeat(100), "id")).toHaveLength(40)
  expect(fittingName("\u202E", "id")).toBe("id")
  expect(fittingName("\u3164", "id")).toBe("id")
})

test("CHAT-17 slugs are readable in every script and stable", () => {
  expect(slugOf("General Chat!")).toBe("general-chat")
  expect(slugOf("房间 一")).toBe("房间-一")
  expect(slugOf("../../etc/passwd")).toBe("..-..-etc-passwd")
  expect(slugOf("!!!")).toBe("")
  expect(slugOf(slugOf("A & B"))).toBe(slugOf("A & B"))
})
