import { expect, test } from "bun:test"
import { compare } from "./check-dependencies.mjs"

const page = "| `a` | use | MIT | reason |\n| `@b/*`, `c` | use | MIT | reason |\n"

test("dependencies that are pinned and explained pass", () => {
  const manifests = [{ dependencies: { a: "1.0.0" } }, { devDependencies: { "@b/x": "2.0.0", c: "0.1.0-rc.1" } }]
  expect(compare(manifests, page)).toEqual([])
})

test("missing explanations, explanations of nothing, loose versions and empty cells are told", () => {
  const manifests = [{ dependencies: { a: "^1.0.0", d: "1.0.0" }, optionalDependencies: { c: "1.0.0" } }]
  expect(compare(manifests, `${page}| \`e\` | | MIT | reason |\n`)).toEqual([
    "a is not pinned to one version: ^1.0.0",
    "d is not explained in docs/dependencies.md",
    "docs/dependencies.md explains @b/*, which nothing depends on",
    "docs/dependencies.md explains e, which nothing depends on",
    "docs/dependencies.md: an empty cell in | `e` | | MIT | reason |",
  ])
})
