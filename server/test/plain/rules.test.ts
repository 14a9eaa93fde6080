import { expect, test } from "bun:test"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"

const SPEC = join(import.meta.dirname, "../../../spec/plain.md")

test("every rule of spec/plain.md is named by a test, and no test names a rule that is not there", () => {
  const rules = idsIn(readFileSync(SPEC, "utf8"), /^\*\*(PLAIN-\d+)\*\*/gm)
  const tests = readdirSync(import.meta.dirname, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".test.ts"))
    .map((path) => readFileSync(join(import.meta.dirname, path), "utf8"))
  const named = idsIn(tests.join("\n"), /\b(PLAIN-\d+)\b/g)
  expect(rules.size).toBeGreaterThan(30)
  expect([...rules].filter((id) => !named.has(id))).toEqual([])
  expect([...named].filter((id) => !rules.has(id))).toEqual([])
})

const idsIn = (text: string, pattern: RegExp): Set<string> =>
  new Set([...text.matchAll(pattern)].map(([, id]) => id as string))
