// What the page loads at start, compressed, against its budget. Run after `npm run build -w web`.
import { readFileSync } from "node:fs"
import { dirname, join, posix } from "node:path"
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"

const BUDGET_BYTES = 120 * 1024
const folder = join(dirname(fileURLToPath(import.meta.url)), "../../server/public")

const html = readFileSync(join(folder, "index.html"), "utf8")
const files = new Set()
for (const [, path] of html.matchAll(/(?:src|href)="\.?\/?([^"]+\.(?:js|css))"/g)) reach(path)

/** A script brings along what it imports at once; what it imports later (`import()`) does not count. */
function reach(path) {
  if (files.has(path)) return
  files.add(path)
  if (!path.endsWith(".js")) return
  const code = readFileSync(join(folder, path), "utf8")
  for (const [, target] of code.matchAll(/(?:\bfrom|\bimport)\s*["'](\.{1,2}\/[^"']+\.js)["']/g)) {
    reach(posix.join(posix.dirname(path), target))
  }
}

let total = 0
for (const path of files) {
  const bytes = gzipSync(readFileSync(join(folder, path)), { level: 9 }).length
  total += bytes
  console.log(`${(bytes / 1024).toFixed(1).padStart(7)} KB  ${path}`)
}
console.log(`${(total / 1024).toFixed(1).padStart(7)} KB  of ${BUDGET_BYTES / 1024} KB (gzip -9)`)
process.exit(files.size > 1 && total <= BUDGET_BYTES ? 0 : 1)
