import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { elementTexts, memberSpan, oneLine, rawMember } from "./raw-json.ts"

/** JSON text of a value with white space wherever JSON allows it, and characters of strings escaped at random. */
const looseJson = fc.tuple(fc.jsonValue(), fc.infiniteStream(fc.nat(5))).map(([value, dice]) => loosely(value, dice))

function loosely(value: unknown, dice: Iterator<number>): string {
  const space = () => ["", "", " ", "\n", "\t \r\n", "  "][dice.next().value as number] ?? ""
  if (Array.isArray(value))
    return `[${space()}${value.map((item) => loosely(item, dice) + space()).join(`,${space()}`)}]`
  if (typeof value === "string") return escaped(value, dice)
  if (typeof value !== "object" || value === null) return JSON.stringify(value)
  const members = Object.entries(value).map(
    ([key, member]) => `${escaped(key, dice)}${space()}:${space()}${loosely(member, dice)}${space()}`,
  )
  return `{${space()}${members.join(`,${space()}`)}}`
}

function escaped(text: string, dice: Iterator<number>): string {
  const units = Array.from({ length: text.length }, (_, at) => text.charCodeAt(at))
  const written = units.map((unit) => {
    const plain = JSON.stringify(String.fromCharCode(unit)).slice(1, -1)
    return dice.next().value === 0 ? `\\u${unit.toString(16).padStart(4, "0")}` : plain
  })
  return `"${written.join("")}"`
}

describe("the raw slice of a member", () => {
  test("parses to what JSON.parse says the member is, for any object however written", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), looseJson), fc.string(), looseJson, (others, name, raw) => {
        const members = Object.entries(others).map(([key, text]) => `${JSON.stringify(key)} :\t${text} `)
        const text = ` {${[...members, `${JSON.stringify(name)}:${raw}`].join(",")}} `
        const expected = (JSON.parse(text) as Record<string, unknown>)[name]
        expect(JSON.parse(rawMember(text, name) as string)).toEqual(expected)
      }),
      { numRuns: 500 },
    )
  })

  test("is the source, byte for byte", () => {
    fc.assert(
      fc.property(looseJson, fc.jsonValue(), (raw, other) => {
        const text = `{"a":${JSON.stringify(other)},"publish":{"channel":"x","data":${raw},"z":1},"id":3}`
        expect(rawMember(text, "publish", "data")).toBe(oneLine(raw))
      }),
      { numRuns: 500 },
    )
  })

  test.each([
    ['{"data":1,"data":2}', "2"],
    ['{"d\\u0061ta":"x"}', '"x"'],
    ['{"x":"\\"data\\":5","data":"a\\\\"}', '"a\\\\"'],
    ['{"x":{"data":1},"data":null}', "null"],
    ['{"x":["}","]",{"y":"]"}],"data":-1.5e3}', "-1.5e3"],
    ['{"data":"\u2028 \ud83d\ude00 ü"}', '"\u2028 \ud83d\ude00 ü"'],
    ['{"data":{\n"a":\r\n1}}', '{"a":1}'],
  ])("of %s is %s", (text, expected) => {
    expect(rawMember(text, "data")).toBe(expected)
  })

  test("is undefined when there is no such member", () => {
    for (const text of ['{"dat":1,"data2":2}', "{}", "[]", "1", '{"x":{"data":1}}'])
      expect(rawMember(text, "data")).toBeUndefined()
  })

  test("is found in a depth of 60,000 brackets without recursion", () => {
    const deep = "[".repeat(60_000) + "]".repeat(60_000)
    expect(rawMember(`{"data":${deep},"x":1}`, "data")).toBe(deep)
  })

  test("ends on text that is not JSON", () => {
    fc.assert(fc.property(fc.string(), (text) => void memberSpan(`{"a":${text}`, "data")))
    fc.assert(fc.property(fc.string(), (text) => void elementTexts(`[${text}`)))
  })
})

test("the elements of an array, as written", () => {
  expect(elementTexts('[ {"a":[1,2]} , "x,y" ,3]')).toEqual(['{"a":[1,2]}', '"x,y"', "3"])
  expect(elementTexts("[]")).toEqual([])
  expect(elementTexts('{"a":1}')).toBeUndefined()
})
