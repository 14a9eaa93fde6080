import { expect, test } from "bun:test"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"

const ROOT = join(import.meta.dirname, "../../..")
const FOLDERS = ["server/src/chat", "server/src/store", "server/test/chat"]

test("every rule of spec/chat.md is named by a test, and tests name no other rules", () => {
  const rules = idsIn(readFileSync(join(ROOT, "spec/chat.md"), "utf8"), /\*\*(CHAT-\d+)\*\*/g)
  const tested = new Set<string>()
  for (const folder of FOLDERS)
    for (const file of readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }))
      if (/(\.test|-suite)\.ts$/.test(file))
        for (const id of idsIn(readFileSync(join(ROOT, folder, file), "utf8"), /test\(\s*"(CHAT-\d+) /g)) tested.add(id)
  expect([...tested].toSorted()).toEqual([...rules].toSorted())
})

test("every failure that spec/chat.md speaks of has the tests that it names", () => {
  const spec = readFileSync(join(ROOT, "spec/chat.md"), "utf8")
  const rows = spec.slice(spec.indexOf("| Failure seen")).trimEnd().split("\n").slice(2)
  expect(rows.length).toBeGreaterThan(12)
  for (const row of rows) {
    expect(row).toMatch(/`[^`]+\.ts`/)
    for (const [, file = "", names = ""] of row.matchAll(/`([^`]+\.ts)`((?:,? "[^"]+")*)/g)) {
      const source = readFileSync(join(ROOT, "server", file), "utf8")
      const named = [...source.matchAll(/(?:test|describe)\(\s*["`](.+?)["`],/g)].map(([, name]) => name)
      for (const [, part = ""] of names.matchAll(/"([^"]+)"/g))
        expect([file, part, named.some((name) => name?.includes(part))]).toEqual([file, part, true])
    }
  }
})

const idsIn = (text: string, pattern: RegExp): Set<string> =>
  new Set([...text.matchAll(pattern)].map(([, id]) => id ?? ""))
