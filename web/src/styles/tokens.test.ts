import { expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"

const css = readFileSync(join(import.meta.dirname, "tokens.css"), "utf8")

/** What a rule says, without its indentation. */
function declarationsOf(selector: string): string[] {
  const start = css.indexOf("{", css.indexOf(selector)) + 1
  const body = css.slice(start, css.indexOf("}", start))
  return body.split("\n").flatMap((line) => line.trim() || [])
}

test("the dark theme is the same whether the system asks for it or the reader chose it", () => {
  const asked = declarationsOf(':root:not([data-theme="light"])')
  expect(asked.length).toBeGreaterThan(20)
  expect(declarationsOf(':root[data-theme="dark"]')).toEqual(asked)
})
