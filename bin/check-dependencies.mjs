// Every dependency is explained in docs/dependencies.md, and nothing else is. Run: node bin/check-dependencies.mjs
import { readFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { fileURLToPath } from "node:url"

const KINDS = ["dependencies", "optionalDependencies", "devDependencies", "peerDependencies"]

/**
 * @param {readonly object[]} manifests - package.json of each workspace
 * @param {string} page - docs/dependencies.md; the first column of its tables names packages
 * @returns {string[]} problems
 */
export function compare(manifests, page) {
  const used = new Set()
  const problems = []
  for (const manifest of manifests) {
    for (const kind of KINDS) {
      for (const [name, version] of Object.entries(manifest[kind] ?? {})) {
        used.add(name)
        // A library names the range of its peer that it works with; the peer itself is pinned by whoever installs it.
        if (kind !== "peerDependencies" && !/^\d+\.\d+\.\d+/.test(version))
          problems.push(`${name} is not pinned to one version: ${version}`)
      }
    }
  }
  const rows = page.split("\n").filter((line) => line.startsWith("| `"))
  const explained = new Set(
    rows.flatMap((row) => [...row.split("|")[1].matchAll(/`([^`]+)`/g)].map(([, name]) => name)),
  )
  const covers = (pattern, name) => pattern === name || (pattern.endsWith("*") && name.startsWith(pattern.slice(0, -1)))
  for (const name of used)
    if (![...explained].some((pattern) => covers(pattern, name)))
      problems.push(`${name} is not explained in docs/dependencies.md`)
  for (const pattern of explained)
    if (![...used].some((name) => covers(pattern, name)))
      problems.push(`docs/dependencies.md explains ${pattern}, which nothing depends on`)
  for (const row of rows)
    if (
      row
        .split("|")
        .slice(1, 5)
        .some((cell) => cell.trim() === "")
    )
      problems.push(`docs/dependencies.md: an empty cell in ${row}`)
  return problems
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const root = join(dirname(fileURLToPath(import.meta.url)), "..")
  const manifestOf = (folder) => JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"))
  const manifests = ["", ...manifestOf("").workspaces].map(manifestOf)
  const problems = compare(manifests, readFileSync(join(root, "docs/dependencies.md"), "utf8"))
  for (const problem of problems) console.error(problem)
  process.exit(problems.length > 0 ? 1 : 0)
}
