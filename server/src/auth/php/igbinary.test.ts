import { describe, expect, test } from "bun:test"
import { readIgbinary } from "./igbinary.ts"
import { toNotation } from "./testing/notation.ts"

const read = (hex: string) => toNotation(readIgbinary(Buffer.from(hex.replaceAll(" ", ""), "hex")))
const HEAD = "00 00 00 02 "

describe("what the extension writes", () => {
  test("an array of a user", () => {
    const hex =
      "14 03 11 07 757365725f6964 06 2a 11 04 6e616d65 11 06 e5bca0e4bc9f 11 01 74 14 03 06 00 05 06 01 00 06 02 0c 3ff8000000000000"
    expect(read(HEAD + hex)).toEqual({ user_id: 42, name: "张伟", t: [true, null, 1.5] })
  })

  test("references to scalars number themselves, also when the string was seen before", () => {
    // $x = 'abc'; $n = 5; $y = 'abc'; ['s' => 'abc', 'a' => &$x, 'b' => &$x, 'c' => &$y, 'd' => &$y, 'n' => &$n, 'm' => &$n]
    const hex =
      "14 07 11 01 73 11 03 61 62 63 11 01 61 25 0e 01 11 01 62 25 01 01 11 01 63 25 0e 01 11 01 64 25 01 02 11 01 6e 25 06 05 11 01 6d 25 01 03"
    expect(read(HEAD + hex)).toEqual({ s: "abc", a: "abc", b: "abc", c: "abc", d: "abc", n: 5, m: 5 })
  })

  test("objects and arrays are shared, also under references", () => {
    const hex =
      "14 05 11 01 61 25 14 01 06 00 06 01 11 01 62 25 01 01 11 01 63 25 17 08 73 74 64 43 6c 61 73 73 14 01 11 01 70 06 01 11 01 64 25 22 02 11 01 65 22 02"
    const object = { __class: "stdClass", __props: { p: 1 } }
    expect(read(HEAD + hex)).toEqual({ a: [1], b: [1], c: object, d: object, e: object })
  })

  test("integers of all widths and signs", () => {
    expect(read(`${HEAD}07 05`)).toBe(-5)
    expect(read(`${HEAD}07 00`)).toBe(0)
    expect(read(`${HEAD}0a 00 01 00 00`)).toBe(65_536)
    expect(read(`${HEAD}20 7f ff ff ff ff ff ff ff`)).toEqual({ __int: "9223372036854775807" })
    expect(read(`${HEAD}21 80 00 00 00 00 00 00 00`)).toEqual({ __int: "-9223372036854775808" })
  })

  test("null under a reference is found again", () => {
    expect(read(`${HEAD}14 02 06 00 25 00 06 01 25 01 01`)).toEqual([null, null])
  })

  test("an uninitialized property has no value", () => {
    expect(read(`${HEAD}17 01 41 14 02 00 11 01 62 06 01`)).toEqual({ __class: "A", __props: { b: 1 } })
  })
})

describe("what nobody wrote is refused", () => {
  const cases = [
    ["", "an empty text"],
    ["00 00 00 03 00", "another version"],
    [`${HEAD}`, "no value"],
    [`${HEAD}14 05 06 00`, "a count beyond the end"],
    [`${HEAD}16 7f ff ff ff 06 00 06 00`, "two billion elements"],
    [`${HEAD}11 09 61`, "a string beyond the end"],
    [`${HEAD}26 ff ff ff ff ff ff ff ff 61`, "a string of 2^64 bytes"],
    [`${HEAD}0e 00`, "a string never given"],
    [`${HEAD}01 00`, "a value never given"],
    [`${HEAD}25 25 00`, "a reference to a reference"],
    [`${HEAD}14 01 14 00 00`, "an array as key"],
    [`${HEAD}17 01 41 00`, "an object without a body"],
    [`${HEAD}28`, "a type nobody knows"],
    [`${HEAD}00 00`, "bytes behind the value"],
  ] as const
  for (const [hex, what] of cases) test(what, () => expect(() => read(hex)).toThrow())
})

test("4096 levels are read, one more is not", () => {
  const nested = (levels: number) => `${HEAD}${"14 01 06 00 ".repeat(levels)}00`
  expect(() => readIgbinary(Buffer.from(nested(4_096).replaceAll(" ", ""), "hex"))).not.toThrow()
  expect(() => read(nested(4_097))).toThrow("nested deeper")
})
