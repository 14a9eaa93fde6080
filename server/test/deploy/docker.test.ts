import { afterAll, beforeAll, expect, test } from "bun:test"
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join, relative } from "node:path"
import { freePort } from "../support/ports.ts"
import { openFolder, runSystem, SystemProgram } from "../support/program.ts"
import { ROOT, shipped } from "./support/shipped.ts"

const FILE = "docker/Dockerfile"
/** Where the image's `/opt/skein` is in this test. */
const { path: image, remove } = openFolder("skein-image-")
const COMMAND = join(image, "skein")

// There is no container engine where these tests run: what the last stage copies is laid out in a folder instead.
beforeAll(() => {
  for (const [from, to] of copies(/^COPY --from=build \/build\/(\S+) \/opt\/skein\/(\S+)$/gm))
    if (from !== "node_modules") cpSync(join(ROOT, from), join(image, to), { recursive: true, filter: isLetIn })
  for (const path of runtimeModules())
    cpSync(join(ROOT, path), join(image, path), { recursive: true, verbatimSymlinks: true, filter: isOwn(path) })
  const changes = { "/usr/local/bin/bun": process.execPath, "/opt/skein": image }
  writeFileSync(COMMAND, shipped("docker/skein", changes), { mode: 0o755 })
}, 60_000)
afterAll(remove)

const copies = (pattern: RegExp): [string, string][] =>
  [...shipped(FILE, {}).matchAll(pattern)].map(([, from = "", to = ""]) => [from, to])

/** What `npm ci --omit=dev -w server` leaves, without the workspace itself and Bun. */
function runtimeModules(): string[] {
  const { stdout } = Bun.spawnSync(["npm", "ls", "--omit=dev", "--all", "--parseable", "-w", "server"], { cwd: ROOT })
  const paths = stdout.toString().trim().split("\n").slice(1)
  return paths.map((path) => relative(ROOT, path)).filter((path) => !/\/(skein|@oven\/.+)$/.test(path))
}

/** Packages within a package are in the list themselves, if they belong to the image at all. */
const isOwn = (path: string) => (source: string) => !relative(join(ROOT, path), source).includes("node_modules")

const isLetIn = (source: string): boolean => !isIgnored(relative(ROOT, source))

/** `.dockerignore`: the last pattern that fits a path or a folder above it decides. */
function isIgnored(path: string): boolean {
  let ignored = false
  for (const line of readFileSync(join(ROOT, ".dockerignore"), "utf8").split("\n")) {
    if (line === "" || line.startsWith("#")) continue
    const glob = new Bun.Glob(line.replace(/^!/, ""))
    const parts = path.split("/")
    if (parts.some((_, end) => glob.match(parts.slice(0, end + 1).join("/")))) ignored = !line.startsWith("!")
  }
  // Made by the build itself, not taken from the folder.
  return ignored && !path.startsWith("server/public")
}

/** The last JSON list after an instruction of the Dockerfile, on this machine instead of in the image. */
function command(instruction: string, port: number): [string, ...string[]] {
  const text = shipped(FILE, {
    "/usr/local/bin/bun": process.execPath,
    "/usr/local/bin/skein": COMMAND,
    "127.0.0.1:8080": `127.0.0.1:${port}`,
  })
  const list = new RegExp(`^${instruction}[^[]*(\\[.*\\])$`, "m").exec(text)?.[1]
  if (!list) throw new Error(`deploy/${FILE} has no ${instruction}`)
  return JSON.parse(list)
}

test("what the image copies is there, and is let into the build", () => {
  const paths = copies(/^COPY (?!--from)(.+) (\S+)$/gm).flatMap(([from]) => from.split(" "))
  expect(paths.length).toBeGreaterThan(8)
  expect(paths.filter((path) => !existsSync(join(ROOT, path)) || isIgnored(path))).toEqual([])
})

test("no data, no secrets, no history and no tests are let into the build", () => {
  const kept = ["data/secrets.json", "server/data/log.db", ".env", "web/.env.local", "skein.toml", ".git/config"]
  const needless = [
    "node_modules/hono/package.json",
    "web/node_modules/x/y.js",
    "server/src/app.test.ts",
    "php/src/x.php",
  ]
  for (const path of [...kept, ...needless]) expect([path, isIgnored(path)]).toEqual([path, true])
})

test("what the image starts serves, its health check sees it, and SIGTERM ends it in order", async () => {
  const port = await freePort()
  const data = join(image, "data")
  mkdirSync(data, { mode: 0o700 })
  const [program, ...args] = command("ENTRYPOINT", port)
  const [check, ...checkArgs] = command("HEALTHCHECK", port)
  const health = () => Bun.spawnSync([check, ...checkArgs]).exitCode
  expect(health()).not.toBe(0)
  const env = { SKEIN_HOST: "0.0.0.0", SKEIN_PORT: String(port), SKEIN_DATA: data, SKEIN_DRAIN_WINDOW: "0s" }
  const server = new SystemProgram(program, [...args, ...command("CMD", port)], env)
  try {
    await server.ready(() => server.said.includes("Skein ready"), "is ready")
    await server.ready(() => server.said.includes("production mode"), "says that nobody gets in without a key")
    expect(health()).toBe(0)
    const page = await fetch(`http://127.0.0.1:${port}/`)
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining("<title>Skein</title>")])
    const doctor = runSystem(program, [...args, "doctor", "--data", data, "--port", String(port)])
    expect(doctor).toMatchObject({ status: 0, said: expect.stringContaining("it is ready") })
    await server.stop("SIGTERM")
    expect(server.exitCode).toBe(0)
  } finally {
    await server.stop("SIGKILL")
  }
}, 60_000)
