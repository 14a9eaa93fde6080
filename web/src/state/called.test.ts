import { expect, test } from "bun:test"
import { callsFor } from "./called.ts"

test("a name is called by itself, in any case and width, with or without a space behind it in Chinese", () => {
  expect(callsFor("hi @ANN, tea?", "Ann")).toBe(true)
  expect(callsFor("@ａｎｎ", "Ann")).toBe(true)
  expect(callsFor("你好@小王你在吗", "小王")).toBe(true)
  expect(callsFor("(@Sven Nilsson)", "Sven Nilsson")).toBe(true)
  expect(callsFor("@Anna and @Ann", "Ann")).toBe(true)
})

test("a longer name, an address and a word are no call", () => {
  expect(callsFor("@Annabel", "Ann")).toBe(false)
  expect(callsFor("@Анна", "Ан")).toBe(false)
  expect(callsFor("write to bob@ann.example", "Ann")).toBe(false)
  expect(callsFor("file.@ann", "Ann")).toBe(false)
  expect(callsFor("Ann", "Ann")).toBe(false)
})
