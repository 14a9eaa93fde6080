import { expect, test } from "bun:test"
import { codeOf } from "./testing/chat-under-test.ts"
import { cleanText } from "./texts.ts"

test("CHAT-20 text stays as it was typed: scripts stay text, code keeps its tabs and lines", () => {
  for (const text of [
    '<script>alert("1")</script>',
    "a\n\tb",
    "  indented ",
    "👨‍👩‍👧‍👦 é e\u0301",
    "{{constructor}} &lt;",
  ])
    expect(cleanText(text, 4_000)).toBe(text)
})

test("CHAT-20 line ends are one character, control characters and halves of characters go", () => {
  expect(cleanText("a\r\nb\rc", 100)).toBe("a\nb\nc")
  expect(cleanText("a\u0000b\u0007\u001b[31mc\u0085", 100)).toBe("ab[31mc")
  expect(cleanText("a\ud800b", 100)).toBe("a\ufffdb")
})

test("CHAT-20 what nobody can see is refused", async () => {
  for (const text of ["   ", "\n\t", "\u200b\u2060", "\u3000", "\u0000", "\u{e0041}"])
    expect(await codeOf(async () => cleanText(text, 100))).toBe("bad_request")
})

test("CHAT-20 length is counted in code points", async () => {
  expect(cleanText("👋".repeat(10), 10)).toBe("👋".repeat(10))
  expect(await codeOf(async () => cleanText("👋".repeat(11), 10))).toBe("text_too_long")
})
