// What a browser must load before a page works, compressed, against its budget. Run: node bin/check-web-size.mjs
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join, posix } from "node:path"
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"

const folder = join(dirname(fileURLToPath(import.meta.url)), "..", "server", "public")
const PAGE_BUDGET_BYTES = 120 * 1_024

if (!existsSync(folder)) {
  console.error("server/public is missing: npm run build -w web")
  process.exit(1)
}
const pages = readdirSync(folder).filter((name) => name.endsWith(".html"))
const results = pages.map(weigh)
process.exit(results.length > 0 && results.every((isFine) => isFine) ? 0 : 1)

/** Prints what a page loads at once. @returns whether it loads a script and stays within the budget */
function weigh(page) {
  const files = [page, ...loadedBy(page)]
  const sizes = files.map((path) => gzipSync(readFileSync(join(folder, path)), { level: 9 }).length)
  const total = sizes.reduce((sum, bytes) => sum + bytes, 0)
  for (const [index, path] of files.entries()) console.log(`${inKb(sizes[index])}  ${path}`)
  console.log(`${inKb(total)}  of ${PAGE_BUDGET_BYTES / 1_024} KB (gzip)`)
  return files.length > 1 && total <= PAGE_BUDGET_BYTES
}

/** Its scripts and styles, and all they import at once: what is loaded later (`import()`) does not count. */
function loadedBy(page) {
  const html = readFileSync(join(folder, page), "utf8")
  const seen = new Set()
  const visit = (path) => {
    if (seen.has(path)) return
    seen.add(path)
    if (!path.endsWith(".js")) return
    const code = readFileSync(join(folder, path), "utf8")
    for (const [, target] of code.matchAll(/(?:\bfrom|\bimport)\s*["'](\.{1,2}\/[^"']+\.js)["']/g))
      visit(posix.join(posix.dirname(path), target))
  }
  for (const [, target] of html.matchAll(/\b(?:src|href)="(?:\.?\/)?([^":]+\.(?:js|css))"/g)) visit(target)
  return seen
}

function inKb(bytes) {
  return `${(bytes / 1_024).toFixed(1).padStart(7)} KB`
}
