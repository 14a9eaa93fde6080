import { expect, test } from "bun:test"
import { ERRORS, type ErrorCode, SkeinError } from "../../core/errors.ts"
import { errorText } from "./texts.ts"

test("a refusal in Chinese names its kind in Chinese and then its cause, in Chinese punctuation", () => {
  const error = new SkeinError("not_found", 'there is no room "tea"')
  expect(errorText(error, "zh-CN")).toBe('不存在：there is no room "tea"')
  expect(errorText(error, "en")).toBe('there is no room "tea"')
})

test("every code has its words, and a refusal without a cause is these alone", () => {
  for (const code of Object.keys(ERRORS) as ErrorCode[]) {
    expect(errorText(new SkeinError(code), "zh-CN")).toMatch(/^\p{Script=Han}+$/u)
    expect(errorText(new SkeinError(code), "en")).toBe(ERRORS[code].text)
  }
})
