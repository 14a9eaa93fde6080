import { readdirSync } from "node:fs"
import { join } from "node:path"

const FOLDERS = ["server/src", "server/test", "web", "echo", "bin"]
const SKIPPED = new Set(["node_modules", "public", "fixtures", "dist"])

/** Suites run in this order, one process each; the first whose pattern fits takes the file. */
const SUITES = [
  { name: "house", pattern: /^bin\// },
  { name: "documents", pattern: /^server\/test\/docs\//, last: true },
  { name: "browser", pattern: /\/(browser|e2e|pages)\//, last: true },
  { name: "web", pattern: /^(web|echo)\// },
  { name: "whole server", pattern: /^server\/test\// },
  { name: "units", pattern: /^server\/src\//, mounts: true },
]

/**
 * Every test file of the repository, by suite; those that need most of the machine come last.
 *
 * @param {string} root
 * @returns {{ name: string, files: string[], mounts: boolean }[]}
 */
export function findSuites(root) {
  const files = FOLDERS.flatMap((folder) => testFiles(root, folder))
  const found = SUITES.map(({ name, last = false, mounts = false }) => ({ name, last, mounts, files: [] }))
  for (const file of files) found[SUITES.findIndex(({ pattern }) => pattern.test(file))]?.files.push(file)
  return found.filter((suite) => suite.files.length > 0).sort((a, b) => Number(a.last) - Number(b.last))
}

function testFiles(root, folder) {
  const entries = readdirSync(join(root, folder), { withFileTypes: true })
  return entries.flatMap((entry) => {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : testFiles(root, path)
    return /\.test\.(ts|tsx|mjs)$/.test(entry.name) ? [path] : []
  })
}
