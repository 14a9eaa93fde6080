import { expect, test } from "bun:test"
import { isImeKey } from "./ime.ts"

// The Enter that confirms "你好", as each engine reports it, and the Enter after it that sends.
test("Chrome and Firefox: composing, 229", () => expect(isImeKey({ isComposing: true, keyCode: 229 })).toBe(true))
test("Safari: compositionend came first, only 229 tells", () =>
  expect(isImeKey({ isComposing: false, keyCode: 229 })).toBe(true))
test("Firefox on some systems: composing with the real key", () =>
  expect(isImeKey({ isComposing: true, keyCode: 13 })).toBe(true))
test("a plain Enter is ours", () => expect(isImeKey({ isComposing: false, keyCode: 13 })).toBe(false))
