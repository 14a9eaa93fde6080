import { expect, test } from "bun:test"
import { closest, editDistance } from "./suggest.ts"

test("distance counts insertions, deletions, replacements and swapped neighbours", () => {
  expect(editDistance("host", "host")).toBe(0)
  expect(editDistance("hots", "host")).toBe(1)
  expect(editDistance("hst", "host")).toBe(1)
  expect(editDistance("post", "host")).toBe(1)
  expect(editDistance("", "host")).toBe(4)
})

test("the nearest word is suggested, and nothing when none is near", () => {
  expect(closest("prot", ["port", "host"])).toBe("port")
  expect(closest("colour", ["port", "host"])).toBeUndefined()
})
