// bin/ci: all checks and all tests. The last line is the sum of everything: `N passed, N failed`.
import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { findBun } from "../server/bin/launch.mjs"
import { CHECKS, runCheck } from "./checks.mjs"
import { readReport } from "./junit.mjs"
import { findSuites } from "./suites.mjs"

const root = join(dirname(fileURLToPath(import.meta.url)), "..")
/** Whoever runs out of it takes the rest of the file along: Bun ends the servers and browsers of all its tests. */
const TEST_TIMEOUT_MS = 60_000
const SUITE_DEADLINE_MS = 900_000

const failures = []
let passed = 0

for (const check of CHECKS) {
  if (runCheck(root, check)) passed++
  else failures.push(`check: ${check.name}`)
}
const reports = mkdtempSync(join(tmpdir(), "skein-reports-"))
for (const suite of findSuites(root)) runSuite(suite)
rmSync(reports, { recursive: true, force: true })

for (const failure of failures) console.log(`✗ ${failure}`)
console.log(`${passed} passed, ${failures.length} failed`)
process.exit(failures.length > 0 ? 1 : 0)

/** Some tests fill a small disk of their own: mounting it takes root, which everybody is in a namespace of his own. */
function mayMount() {
  const asRoot = ["unshare", "--map-root-user", "--mount"]
  if (process.getuid?.() === 0) return []
  return spawnSync(asRoot[0], [...asRoot.slice(1), "true"]).status === 0 ? asRoot : []
}

function runSuite({ name, files, mounts }) {
  console.log(`\n── ${name}: ${files.length} files`)
  const { path, problem } = findBun()
  if (!path) {
    failures.push(`${name}: ${problem}`)
    return
  }
  const report = join(reports, `${name.replaceAll(" ", "-")}.xml`)
  const args = ["--no-env-file", "test", "--isolate", `--timeout=${TEST_TIMEOUT_MS}`, "--reporter=junit"]
  const startedMs = performance.now()
  const [program, ...before] = [...(mounts ? mayMount() : []), path]
  const { status, signal } = spawnSync(
    program,
    [...before, ...args, `--reporter-outfile=${report}`, ...files.map((file) => `./${file}`)],
    { cwd: root, stdio: ["ignore", "inherit", "inherit"], timeout: SUITE_DEADLINE_MS, killSignal: "SIGKILL" },
  )
  const found = existsSync(report)
    ? readReport(readFileSync(report, "utf8"))
    : { passed: 0, failures: [], files: new Set() }
  passed += found.passed
  const failuresBefore = failures.length
  failures.push(...found.failures.map((failure) => `${name}: ${failure}`))
  // A file that could not be loaded, or that holds no test, is missing from the report.
  for (const file of files) if (!found.files.has(file)) failures.push(`${name}: ${file}: none of its tests ran`)
  if (status !== 0 && failures.length === failuresBefore)
    failures.push(`${name}: the run ended with ${signal ?? status}`)
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1)
  console.log(`${name}: ${found.passed} well, ${failures.length - failuresBefore} not, ${seconds} s`)
}
