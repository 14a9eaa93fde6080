import { spawnSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"

const DEADLINE_MS = 180_000

const node = process.execPath
const skein = "server/bin/skein.mjs"

/** What must be true of the repository beside its tests. Each is one line of the result. */
export const CHECKS = [
  { name: "format and lint", command: ["node_modules/.bin/biome", "check", "."] },
  { name: "types of server", command: ["node_modules/.bin/tsc", "-p", "server"] },
  { name: "types of web", command: ["node_modules/.bin/tsc", "-p", "web"] },
  { name: "types of web's tests", command: ["node_modules/.bin/tsc", "-p", "web/tsconfig.test.json"] },
  { name: "types of echo", command: ["node_modules/.bin/tsc", "-p", "echo"] },
  { name: "npm ci would install", command: ["npm", "ci", "--dry-run", "--ignore-scripts"] },
  { name: "who may import whom", command: [node, "bin/check-imports.mjs"] },
  { name: "docs/dependencies.md is complete", command: [node, "bin/check-dependencies.mjs"] },
  { name: "links in the documents", command: [node, "bin/check-links.mjs"] },
  {
    name: "docs/configuration.md is up to date",
    command: [node, skein, "config", "reference"],
    prints: "docs/configuration.md",
  },
  { name: "pages are built", command: ["npm", "run", "build", "-w", "web", "--silent"] },
  { name: "pages are small enough", command: [node, "bin/check-web-size.mjs"] },
]

/**
 * Runs one check; what it printed is shown only when it failed.
 *
 * @param {string} root
 * @param {(typeof CHECKS)[number]} check
 * @returns {boolean} whether it passed
 */
export function runCheck(root, { name, command, prints }) {
  const [file, ...args] = command
  const startedMs = performance.now()
  const { status, stdout, stderr, error } = spawnSync(file, args, {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, SKEIN_CONFIG: "" },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: DEADLINE_MS,
    maxBuffer: 64 * 1_024 * 1_024,
  })
  const problem = problemOf({ root, status, stdout, error, prints })
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1)
  console.log(`${problem ? "✗" : "✓"} ${name} (${seconds} s)`)
  if (problem) console.log(`${stdout ?? ""}${stderr ?? ""}${problem}\n`)
  return problem === undefined
}

function problemOf({ root, status, stdout, error, prints }) {
  if (error) return String(error)
  if (status !== 0) return `ended with ${status}`
  if (prints === undefined) return undefined
  const page = join(root, prints)
  if (existsSync(page) && readFileSync(page, "utf8") === stdout) return undefined
  return `${prints} differs from what the command prints: write that into the file`
}
