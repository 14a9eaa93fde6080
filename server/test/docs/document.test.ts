import { expect, test } from "bun:test"
import { lineMatches, testedBlocks } from "./document.ts"

test("blocks that are marked are found with their place, others are not", () => {
  const markdown = "# A\n\n```sh test\necho a\n```\n\n```sh\nrm -rf /\n```\n\n```text prints\na\n```\n"
  expect(testedBlocks(markdown)).toEqual([
    { language: "sh", marks: ["test"], text: "echo a\n", line: 3 },
    { language: "text", marks: ["prints"], text: "a\n", line: 11 },
  ])
})

test("an ellipsis stands for anything, everything else for itself", () => {
  expect(lineMatches('{"offset":1,"epoch":"…"}', '{"offset":1,"epoch":"xyz"}')).toBe(true)
  expect(lineMatches('{"offset":1,"epoch":"…"}', '{"offset":2,"epoch":"xyz"}')).toBe(false)
  expect(lineMatches("a.c", "abc")).toBe(false)
})
