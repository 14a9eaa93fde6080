import { expect, test } from "bun:test"
import { isJumbo, piecesOf } from "./text.ts"

const links = (text: string) => piecesOf(text).flatMap((piece) => (piece.kind === "link" ? [piece.href] : []))

test("addresses become links without the sentence's punctuation, Chinese or Latin", () => {
  expect(links("see https://a.test/x?y=1. Then (https://b.test/z)")).toEqual([
    "https://a.test/x?y=1",
    "https://b.test/z",
  ])
  expect(links("看这里：https://a.test/路径，谢谢")).toEqual(["https://a.test/%E8%B7%AF%E5%BE%84"])
  expect(links("https://en.test/wiki/Goose_(bird)")).toEqual(["https://en.test/wiki/Goose_(bird)"])
})

test("only http and https are ever links", () => {
  for (const text of ["javascript:alert(1)", "data:text/html,x", "http://", "https://[", "<a href=https://x"]) {
    for (const href of links(text)) expect(href).toMatch(/^https?:\/\//)
  }
  expect(links("javascript:alert(1)")).toEqual([])
})

test("nothing of the text is lost, except the marks of code", () => {
  for (const text of ["a `b` c", "```\nlet a\n```", "x https://a.test, y", "$& $1 <b>&amp;</b>", "`", "```"]) {
    expect(
      piecesOf(text)
        .map((piece) => piece.text)
        .join(""),
    ).toBe(text.replace(/```\n?|\n?```/g, (m) => (text.includes("let") ? "" : m)).replace(/`b`/, "b"))
  }
})

test("a block of code takes no empty lines around it", () => {
  expect(piecesOf("look:\n```\nlet a\n```\nand that")).toEqual([
    { kind: "text", text: "look:" },
    { kind: "block", text: "let a" },
    { kind: "text", text: "and that" },
  ])
  // One that was written as one stays one.
  expect(piecesOf("```\nlet a\n```\n\nand that")).toEqual([
    { kind: "block", text: "let a" },
    { kind: "text", text: "\nand that" },
  ])
})

test("the language of a block is no line of it; a word of the code is", () => {
  const blocks = (text: string) => piecesOf(text).flatMap(({ kind, text }) => (kind === "block" ? [text] : []))
  expect(blocks("```ts\nlet a\n```")).toEqual(["let a"])
  expect(blocks("so:\n```c++\nint a;\n\nint b;\n```\nand ```sh\nls\n```")).toEqual(["int a;\n\nint b;", "ls"])
  // Without a line of its own for the second mark nobody has thought of languages.
  expect(blocks("```select\n* from x```")).toEqual(["select\n* from x"])
  expect(blocks("```one``` and\n```")).toEqual(["one"])
  expect(blocks("```a\nb``` c\n```d\n```")).toEqual(["a\nb", "d"])
  expect(blocks("```Hello there\nb\n```")).toEqual(["Hello there\nb"])
})

test("text that is nothing but marks of code is read in no time", () => {
  for (const text of ["```a\n".repeat(800), `\`\`\`ts\n${"\n".repeat(3_990)}`, "`".repeat(4_000)]) {
    const startMs = performance.now()
    piecesOf(text)
    expect(performance.now() - startMs).toBeLessThan(5_000)
  }
})

test("large emoji only when there is nothing else", () => {
  expect(isJumbo("🎉")).toBe(true)
  expect(isJumbo("👨‍👩‍👧 🇨🇳")).toBe(true)
  expect(isJumbo("12")).toBe(false)
  expect(isJumbo("ok 🎉")).toBe(false)
})
