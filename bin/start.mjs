// npm start: builds the pages when they are missing or older than their sources, then runs the server.
import { spawnSync } from "node:child_process"
import { existsSync, readdirSync, statSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { launch } from "../server/bin/launch.mjs"

const OLDEST_NODE = 20
const root = join(dirname(fileURLToPath(import.meta.url)), "..")
const WEB_SOURCES = [
  "web/src",
  "web/public",
  "web/index.html",
  "web/vite.config.ts",
  "web/package.json",
  "server/src/chat/contract.ts",
]

const [nodeMajor] = process.versions.node.split(".").map(Number)
if (nodeMajor < OLDEST_NODE) end(`Node ${OLDEST_NODE} or later is needed, this is ${process.versions.node}`)
if (!existsSync(join(root, "node_modules"))) end("the packages are not installed yet: run npm ci first")
if (newest("package-lock.json") > newest("node_modules/.package-lock.json"))
  process.stderr.write(
    "skein: the list of packages is newer than what is installed: run npm ci if something is missing\n",
  )
if (newest("server/public") < Math.max(...WEB_SOURCES.map(newest))) buildPages()
launch(["serve", ...process.argv.slice(2)])

function buildPages() {
  process.stderr.write("Building the pages (once, a few seconds) …\n")
  const vite = spawnSync("npm", ["run", "build", "-w", "web", "--silent"], { cwd: root, encoding: "utf8" })
  if (vite.status === 0) return
  process.stderr.write(`${vite.stdout ?? ""}${vite.stderr ?? ""}\n`)
  end("the pages could not be built, see above; npm ci installs what may be missing")
}

function end(problem) {
  process.stderr.write(`skein: ${problem}\n`)
  process.exit(1)
}

/** When the newest file below was changed (ms since 1970); 0 when there is none. */
function newest(path) {
  const full = join(root, path)
  if (!existsSync(full)) return 0
  const { mtimeMs } = statSync(full)
  if (!statSync(full).isDirectory()) return mtimeMs
  return Math.max(0, ...readdirSync(full).map((name) => newest(join(path, name))))
}
