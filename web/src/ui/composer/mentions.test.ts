import { expect, test } from "bun:test"
import { candidates, complete, mentionAt } from "./mentions.ts"

const people = ["Ann Lindqvist", "Bo Ekström", "Lina", "王伟", "林小雨"].map((name, index) => ({
  id: `${index}`,
  name,
}))
const found = (query: string) => candidates(people, query).map((user) => user.name)

test("an @ at a word's beginning asks for a name; one inside an address does not", () => {
  expect(mentionAt("hi @an", 6)).toEqual({ from: 3, query: "an" })
  expect(mentionAt("你好@王", 4)).toEqual({ from: 2, query: "王" })
  expect(mentionAt("@", 1)).toEqual({ from: 0, query: "" })
  expect(mentionAt("me@example", 10)).toBeUndefined()
  expect(mentionAt("hi @an", 2)).toBeUndefined()
  expect(mentionAt("hi @ an", 7)).toBeUndefined()
  expect(mentionAt("@ann\nnext", 9)).toBeUndefined()
})

test("the beginning of the name comes before the beginning of its other words", () => {
  expect(found("lin")).toEqual(["Lina", "Ann Lindqvist"])
  expect(found("王")).toEqual(["王伟"])
  expect(found("ann l")).toEqual(["Ann Lindqvist"])
  expect(found("zz")).toEqual([])
})

test("the name takes the place of what was typed, one space behind it", () => {
  expect(complete("hi @an how", { from: 3, query: "an" }, "Ann")).toEqual({ text: "hi @Ann how", caret: 8 })
  expect(complete("@王", { from: 0, query: "王" }, "王伟")).toEqual({ text: "@王伟 ", caret: 4 })
})
