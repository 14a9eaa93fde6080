import { expect, test } from "bun:test"
import { mentionCandidates } from "./mentions.ts"

test("CHAT-13 a Chinese name may be followed by anything", () => {
  expect(mentionCandidates("@张三你好")[0]).toEqual(["张", "张三", "张三你", "张三你好"])
})

test("CHAT-13 a Latin name goes to the end of a word, over spaces", () => {
  expect(mentionCandidates("hi @Ann Lee, look")[0]).toEqual(["ann", "ann lee", "ann lee,", "ann lee, look"])
})

test("CHAT-13 an e-mail address calls nobody, and ten signs are enough", () => {
  expect(mentionCandidates("mail ann@example.com")).toEqual([])
  expect(mentionCandidates("@a ".repeat(50))).toHaveLength(10)
})
