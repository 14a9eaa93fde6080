import { expect, test } from "bun:test"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { ROW_SETTINGS, SETTINGS } from "./catalogue.ts"

const SOURCES = join(import.meta.dir, "..")

test("every setting is read by the program: none is only written about", () => {
  const sources = readdirSync(SOURCES, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts") && !path.startsWith("config/"))
    .map((path) => readFileSync(join(SOURCES, path), "utf8"))
    .join("\n")
  const words = new Set(sources.match(/\w+/g))
  const unread = [...SETTINGS, ...[...ROW_SETTINGS.values()].flat()].filter(({ path }) => !words.has(path.at(-1) ?? ""))
  expect(unread.map(({ name }) => name)).toEqual([])
})
