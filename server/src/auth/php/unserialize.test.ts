import { describe, expect, test } from "bun:test"
import { toNotation } from "./testing/notation.ts"
import { unserialize, unserializedString } from "./unserialize.ts"
import { PhpArray, textOf, valueAt } from "./value.ts"

const read = (text: string | Buffer) => unserialize(Buffer.from(text))
const notation = (text: string) => toNotation(read(text))

describe("values", () => {
  const cases: readonly [string, unknown][] = [
    ["N;", null],
    ["b:1;", true],
    ["i:-7;", -7],
    ["i:+5;", 5],
    ["i:007;", 7],
    ["i:9007199254740993;", { __int: "9007199254740993" }],
    ["i:99999999999999999999;", { __int: "9223372036854775807" }],
    ["i:-99999999999999999999;", { __int: "-9223372036854775808" }],
    ["d:0.1;", 0.1],
    ["d:1.0E+100;", 1e100],
    ["d:-0;", { __float: "-0" }],
    ["d:NAN;", { __float: "NAN" }],
    ['s:6:"张伟";', "张伟"],
    ['s:3:"a";";', 'a";'],
    ['S:3:"a\\62c";', "abc"],
    ['s:1:"\xff";', "ÿ"],
    ['E:11:"Suit:Hearts";', { __enum: "Suit:Hearts" }],
    ['C:3:"Old":5:{a}{";}', { __class: "Old", __custom: 'a}{";' }],
    ["a:2:{i:1;i:5;i:1;i:6;}", { 1: 6 }],
    ['O:8:"stdClass":2:{s:4:"\0*\0a";i:1;s:4:"\0B\0b";i:2;}', { __class: "stdClass", __props: { a: 1, b: 2 } }],
  ]
  for (const [text, expected] of cases.filter(([text]) => !text.includes("\xff")))
    test(text, () => expect(notation(text)).toEqual(expected))

  test("bytes that are no UTF-8 stay bytes", () => {
    expect(toNotation(unserialize(Buffer.from('s:1:"\xff";', "latin1")))).toEqual({ __bytes: "/w==" })
  })
})

describe("back references", () => {
  test("count every value but R, and no keys", () => {
    const text = 'a:4:{s:1:"x";a:1:{i:0;i:5;}s:1:"y";R:2;s:1:"o";O:8:"stdClass":1:{s:1:"v";N;}s:1:"p";r:4;}'
    const object = { __class: "stdClass", __props: { v: null } }
    expect(notation(text)).toEqual({ x: [5], y: [5], o: object, p: object })
  })

  test("a value may contain itself", () => {
    expect(notation('a:1:{s:1:"x";R:1;}')).toEqual({ x: { __cycle: true } })
  })

  test("a thousand bytes that stand for 2^60 values are read at once, and a path is found in them", () => {
    // Each level holds the level before it twice; references take no numbers.
    let text = 'i:0;a:1:{s:2:"id";i:7;}'
    for (let level = 1, below = 2; level < 60; below = ++level + 2)
      text += `i:${level};a:2:{i:0;R:${below};i:1;R:${below};}`
    const value = read(`a:60:{${text}}`)
    expect(valueAt(value, ["59", ...Array<string>(59).fill("1"), "id"])).toBe(7)
  })

  for (const text of ["R:1;", "r:1;", "R:0;", "a:1:{i:0;R:9;}", "a:2:{i:0;i:1;i:1;r:2;}", "a:1:{i:0;r:2;}"])
    test(`${text} points at nothing that it may`, () => expect(() => read(text)).toThrow("before it"))
})

describe("what PHP refuses is refused", () => {
  const cases = ["", "x", "N", "b:2;", "i:;", "i:1", "d:1.2.3;", "d:;", 's:2:"a";', 's:1:"a"', 's:-1:"";', "s:1:a;"]
  const more = [
    "a:1:{}",
    "a:1:{i:0;}",
    "a:1:{a:0:{}i:0;}",
    "a:0:{",
    "a:1:{N;i:0;}",
    "N;N;",
    'O:1:"a":0:{',
    'O:1:"-":0:{}',
    'O:0:"":0:{}',
  ]
  const huge = [
    's:2147483647:"x";',
    "a:2000000000:{}",
    'C:1:"a":99:{}',
    'S:9999999:"a";',
    's:99999999999999999999:"x";',
  ]
  for (const text of [...cases, ...more, ...huge, 'E:4:"Suit";', "i:1e3;", "R:1"])
    test(text, () => expect(() => read(text)).toThrow())
})

test("4096 levels are read, one more is not", () => {
  const nested = (levels: number) => `${"a:1:{i:0;".repeat(levels)}N;${"}".repeat(levels)}`
  expect(read(nested(4_096))).toBeInstanceOf(PhpArray)
  expect(() => read(nested(4_097))).toThrow("nested deeper than 4096")
})

test("more values than any session has are refused", () => {
  const text = `a:110000:{${Array.from({ length: 110_000 }, (_, index) => `i:${index};N;`).join("")}}`
  expect(() => read(text)).toThrow("more than 100000 values")
})

test("names that mean something to JavaScript are only names", () => {
  const value = read('a:2:{s:9:"__proto__";a:1:{s:5:"admin";b:1;}s:11:"constructor";i:1;}')
  expect(valueAt(value, ["__proto__", "admin"])).toBe(true)
  expect(valueAt(value, ["toString"])).toBeUndefined()
  expect(({} as { admin?: boolean }).admin).toBeUndefined()
})

test("a serialized string is taken out; for anything else there is none", () => {
  const inside = unserializedString(Buffer.from('s:2:"ok";'))
  expect(inside && textOf(inside)).toBe("ok")
  expect(unserializedString(Buffer.from("a:0:{}"))).toBeUndefined()
  expect(unserializedString(Buffer.from('s:9:"ok";'))).toBeUndefined()
})
