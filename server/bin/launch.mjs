import { spawn, spawnSync } from "node:child_process"
import { existsSync, readdirSync } from "node:fs"
import { createRequire } from "node:module"
import { constants } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

/** Older ones lack what the gateway relies on (docs/decisions/0001-runtime-bun-and-launcher.md). */
const OLDEST_BUN = [1, 4, 4]

const MAIN = join(dirname(fileURLToPath(import.meta.url)), "..", "src", "cli", "main.ts")

/** The server's end of the pipe that tells it when this process is gone. */
const PIPE_FD = 3

const PARENT_CHECK_MS = 250

/**
 * Runs the `skein` command in Bun and ends as it ends: same exit code, or same signal.
 *
 * @param {readonly string[]} args
 * @param {string} main - the program's entry, another one in tests
 */
export function launch(args, main = MAIN) {
  const bun = findBun()
  if (!bun.path) {
    process.stderr.write(`skein: ${bun.problem}\n`)
    process.exit(1)
  }
  // Bun would otherwise read .env and bunfig.toml of the working directory, and fetch packages it does not find.
  const flags = ["--no-install", "--no-env-file", "--config=/dev/null"]
  const server = spawn(bun.path, [...flags, main, ...args], {
    stdio: ["inherit", "inherit", "inherit", "pipe"],
    env: { ...process.env, SKEIN_LAUNCHER_FD: String(PIPE_FD) },
  })
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => server.kill(signal))
  // For the server it is the same as if this process were gone.
  watchParent(() => server.stdio[PIPE_FD]?.destroy())
  server.on("error", (error) => {
    process.stderr.write(`skein: cannot run ${bun.path}: ${error.message}\n`)
    process.exit(1)
  })
  server.on("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 1)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
    // Signals that this process ignores (or gets late) still end it, with the number a shell would report.
    setTimeout(() => process.exit(128 + (constants.signals[signal] ?? 0)), 100)
  })
}

/**
 * Under npm (npm start, npx skein) the shell or npm may be killed without a word to us: our parent is then another.
 * Elsewhere a vanished parent is no reason to end: that is how things are put into the background.
 */
function watchParent(gone) {
  if (!process.env.npm_lifecycle_event) return
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    gone()
  }, PARENT_CHECK_MS)
  timer.unref()
}

/**
 * The Bun that npm installed for this platform, else one on the PATH that is new enough.
 *
 * @returns {{ path?: string, problem?: string }}
 */
export function findBun(env = process.env, platform = process.platform, arch = process.arch) {
  if (env.SKEIN_BUN) return checkBun(env.SKEIN_BUN)
  const require = createRequire(import.meta.url)
  for (const name of packageNames(platform, arch)) {
    const manifest = resolveQuietly(require, `${name}/package.json`)
    const path = manifest && join(dirname(manifest), "bin", "bun")
    if (path && existsSync(path)) return { path }
  }
  const found = checkBun("bun")
  if (found.path) return found
  return {
    problem:
      `no Bun for ${platform}-${arch}: install with optional dependencies (npm ci, without --omit=optional), ` +
      `or put Bun ${OLDEST_BUN.join(".")} or later on the PATH (${found.problem})`,
  }
}

/** The packages that hold Bun for a platform, the likelier C library first. */
function packageNames(platform, arch) {
  const cpu = arch === "arm64" ? "aarch64" : arch
  const base = `@oven/bun-${platform}-${cpu}`
  if (platform !== "linux") return [base]
  return usesMusl() ? [`${base}-musl`, base] : [base, `${base}-musl`]
}

function usesMusl() {
  return ["/lib", "/lib64"].some(
    (folder) => existsSync(folder) && readdirSync(folder).some((name) => name.startsWith("ld-musl-")),
  )
}

function resolveQuietly(require, id) {
  try {
    return require.resolve(id)
  } catch {
    return undefined // Not installed: npm leaves out the packages of other platforms.
  }
}

/** @returns {{ path?: string, problem?: string }} */
export function checkBun(path) {
  const { stdout, error, status } = spawnSync(path, ["--version"], { encoding: "utf8", timeout: 10_000 })
  if (error || status !== 0) return { problem: `${path} does not run: ${error?.message ?? `exit code ${status}`}` }
  const version = stdout.trim()
  if (isNewEnough(version)) return { path }
  return { problem: `${path} is Bun ${version}` }
}

/** @param {string} version */
export function isNewEnough(version) {
  const parts = version.split(/[.-]/).slice(0, 3).map(Number)
  if (parts.length < 3 || parts.some(Number.isNaN)) return false
  for (const [index, oldest] of OLDEST_BUN.entries()) {
    if (parts[index] !== oldest) return parts[index] > oldest
  }
  return true
}
