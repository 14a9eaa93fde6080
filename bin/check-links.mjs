// Links and pictures of the documents lead somewhere inside the repository. Run: node bin/check-links.mjs
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import { fileURLToPath } from "node:url"

const root = join(dirname(fileURLToPath(import.meta.url)), "..")
const SKIPPED = new Set(["node_modules", ".git", "data", "dist", "fixtures", "public"])

function documents(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : documents(join(folder, entry.name))
    return entry.name.endsWith(".md") ? [join(folder, entry.name)] : []
  })
}

/** Heading as the anchor that forges make of it. */
const anchorOf = (heading) =>
  heading
    .toLowerCase()
    .replace(/[`*]/g, "")
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replace(/\s/g, "-")

function anchors(text) {
  return new Set([...text.matchAll(/^#+\s+(.+)$/gm)].map(([, heading]) => anchorOf(heading)))
}

const withoutCode = (text) => text.replace(/^```[\s\S]*?^```/gm, "").replace(/`[^`\n]*`/g, "")

const problems = []
const files = documents(root)
for (const file of files) {
  const text = readFileSync(file, "utf8")
  for (const [, link, picture] of withoutCode(text).matchAll(/\]\(([^)\s]+)\)|\ssrc(?:set)?="([^"\s]+)"/g)) {
    const target = link ?? picture
    if (/^[a-z]+:/.test(target)) continue
    const [path, anchor] = target.split("#")
    const full = path === "" ? file : join(dirname(file), decodeURI(path))
    if (!existsSync(full)) problems.push(`${relative(root, file)}: ${target} does not exist`)
    else if (anchor && full.endsWith(".md") && !anchors(readFileSync(full, "utf8")).has(decodeURI(anchor)))
      problems.push(`${relative(root, file)}: ${target}: no such heading`)
  }
}
for (const problem of problems) console.error(problem)
console.log(`links: ${files.length} documents, ${problems.length} broken`)
process.exit(problems.length > 0 ? 1 : 0)
