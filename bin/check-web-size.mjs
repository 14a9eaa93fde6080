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
const results = pages.map((page) => ({ page, bytes: weigh(page) }))
for (const { page, bytes } of results)
  console.log(`${page}: ${(bytes / 1_024).toFixed(1)} KB of ${PAGE_BUDGET_BYTES / 1_024} KB (gzip)`)
process.exit(pages.length > 0 && results.every(({ bytes }) => bytes <= PAGE_BUDGET_BYTES) ? 0 : 1)

/** The page with its scripts and styles, and all they import at once (what is loaded later does not count). */
function weigh(page) {
  const html = readFileSync(join(folder, page), "utf8")
  const seen = new Set()
  const visit = (path) => {
    if (seen.has(path) || !existsSync(join(folder, path))) return
    seen.add(path)
    if (!path.endsWith(".js")) return
    const code = readFileSync(join(folder, path), "utf8")
    for (const [, target] of code.matchAll(/(?:\bfrom|\bimport)\s*["'](\.{1,2}\/[^"']+)["']/g))
      visit(posix.join(posix.dirname(path), target))
  }
  for (const [, target] of html.matchAll(/\b(?:src|href)="(?:\.?\/)?([^":]+\.(?:js|css))"/g)) visit(target)
  const files = [page, ...seen]
  return files.reduce((sum, path) => sum + gzipSync(readFileSync(join(folder, path)), { level: 9 }).length, 0)
}
