import { Database } from "bun:sqlite"
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { spawn } from "node:child_process"
import { mkdirSync, utimesSync, writeFileSync } from "node:fs"
import { connect } from "node:net"
import { dirname, join } from "node:path"
import { Redis } from "ioredis"
import { createSite } from "../../src/app/site.ts"
import { FIXTURES, type Fixture } from "../../src/auth/php/testing/fixtures.ts"
import { CONFIG_FLAGS, readArguments } from "../../src/cli/arguments.ts"
import { readConfig } from "../../src/cli/read-config.ts"
import { WHOAMI_FLAGS, waitingClock, whoami } from "../../src/cli/whoami.ts"
import { type Service, startMemcached, startRedis, temporaryFolder } from "./services.ts"

let redis: Service
let memcached: Service
beforeAll(async () => {
  redis = await startRedis()
  memcached = await startMemcached()
}, 60_000)
afterAll(async () => {
  await redis?.stop()
  await memcached?.stop()
})

/** Puts the fixture's session where PHP had put it. @returns the settings that say where that is */
async function place(fixture: Fixture): Promise<Record<string, string>> {
  const bytes = fixture.value_base64 === null ? undefined : Buffer.from(fixture.value_base64 ?? "", "base64")
  switch (fixture.store) {
    case "redis": {
      const db = fixture.database ?? 0
      const client = new Redis({ host: "127.0.0.1", port: redis.port, db })
      if (bytes) await client.set(fixture.key, bytes)
      client.disconnect()
      return { store: "redis", redis_urls: `redis://127.0.0.1:${redis.port}/${db}` }
    }
    case "memcached":
      if (bytes) await setItem(fixture.key, fixture.memcached_flags ?? 0, bytes)
      return { store: "memcached", memcached_servers: `127.0.0.1:${memcached.port}` }
    case "files":
      return { store: "files", folder: placeFile(fixture, bytes) }
    case "database":
      return { store: "database", database_url: `sqlite://${placeRow(fixture, bytes)}` }
    default:
      return { store: fixture.store }
  }
}

async function setItem(key: string, flags: number, bytes: Buffer): Promise<void> {
  const socket = connect(memcached.port, "127.0.0.1")
  socket.write(`set ${key} ${flags} 0 ${bytes.length}\r\n`)
  socket.write(bytes)
  socket.write("\r\n")
  const [answer] = await new Promise<Buffer[]>((resolve) => socket.once("data", (data) => resolve([data])))
  socket.destroy()
  expect(String(answer)).toBe("STORED\r\n")
}

function placeFile({ key, mtime }: Fixture, bytes: Buffer | undefined): string {
  const folder = temporaryFolder()
  if (!bytes || key.includes("..")) return folder
  const path = join(folder, key)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, bytes)
  if (mtime !== undefined) utimesSync(path, mtime, mtime)
  return folder
}

function placeRow({ key, row }: Fixture, bytes: Buffer | undefined): string {
  const file = join(temporaryFolder(), "database.sqlite")
  const database = new Database(file)
  database.run("create table sessions (id text primary key, payload text, last_activity integer)")
  database.run("insert into sessions values (?, ?, ?)", [key, String(bytes), row?.last_activity ?? 0])
  database.close()
  return file
}

/** The settings a site like this one would write, from its own configuration alone. */
function settingsOf(fixture: Fixture, placed: Record<string, string>): Record<string, string> {
  const path = fixture.user_path.map((name) => name.replaceAll(".", "\\.")).join(".")
  const framework = fixture.framework.split(" ", 1)[0] ?? ""
  const { config } = fixture
  const own = OWN_SETTINGS.get(framework)?.(fixture, placed)
  const cookie = config["session.name"] ?? config["session.cookie"]
  const named = cookie === undefined ? {} : { cookie: String(cookie) }
  return { framework: framework === "native" ? "php" : framework, ...placed, user_path: path, ...named, ...own }
}

function nativeSettings({ config, serialize_handler: handler = "" }: Fixture): Record<string, string> {
  const savePath = String(config["session.save_path"] ?? "")
  const prefix = /prefix=([^&]+)/.exec(savePath)?.[1] ?? config["memcached.sess_prefix"]
  const depth = /^(\d);/.exec(savePath)?.[1]
  return {
    handler,
    ...(prefix === undefined ? {} : { prefix: String(prefix) }),
    ...(depth === undefined ? {} : { folder_depth: depth }),
  }
}

function laravelSettings({
  config,
  framework,
  app_key: appKey = "",
  previous_keys: previous = [],
}: Fixture): Record<string, string> {
  const cachePrefix = String(config["cache.prefix"] ?? "")
  const colon = !framework.startsWith("laravel 13") && cachePrefix !== "" ? ":" : ""
  return {
    app_key: appKey,
    previous_keys: previous.join(","),
    cipher: String(config.cipher),
    lifetime: `${config["session.lifetime"]}m`,
    guard: String(config.guard),
    encrypt: String(config["session.encrypt"] === true),
    serialization: String(config["session.serialization"] ?? "php"),
    prefix: `${config["redis.prefix"] ?? ""}${config["session.prefix"] ?? `${cachePrefix}${colon}`}`,
  }
}

function thinkPhpSettings(
  { config, store, key }: Fixture,
  { folder = "" }: Record<string, string>,
): Record<string, string> {
  const cache = (config.cache ?? {}) as Record<string, unknown>
  const shared = {
    compressed: String(config["session.data_compress"] === true),
    serialization: Array.isArray(config["session.serialize"]) ? "json" : "php",
  }
  const prefix = String(config["session.prefix"])
  if (store !== "files") return { ...shared, prefix: `${cache.prefix ?? ""}${prefix}` }
  if (key.startsWith("cache/")) return { ...shared, store: "cache_files", folder: join(folder, "cache"), prefix }
  return { ...shared, folder: join(folder, "session", prefix) }
}

type OwnSettings = (fixture: Fixture, placed: Record<string, string>) => Record<string, string>
const OWN_SETTINGS = new Map<string, OwnSettings>([
  ["native", nativeSettings],
  ["laravel", laravelSettings],
  ["thinkphp", thinkPhpSettings],
])

async function ask(fixture: Fixture): Promise<Record<string, unknown>> {
  const settings = settingsOf(fixture, await place(fixture))
  const flags = Object.entries(settings).flatMap(([name, value]) => ["--set", `sessions.${name}=${value}`])
  const args = readArguments(["--json", "--cookie", fixture.cookie_header, ...flags], {
    ...CONFIG_FLAGS,
    ...WHOAMI_FLAGS,
  })
  const printed: string[] = []
  const nowMs = (fixture.evaluate_at ?? fixture.mtime ?? Date.now() / 1_000) * 1_000
  const couldAll = await whoami(args, {
    settings: readConfig(args, {}).settings,
    createSite,
    clock: { ...waitingClock, nowMs: () => nowMs },
    input: () => {
      throw new Error("a cookie was given")
    },
    print: (line) => printed.push(line),
  })
  expect(couldAll).toBe(true)
  expect(printed).toHaveLength(1)
  return JSON.parse(printed[0] ?? "")
}

describe("skein whoami --json, with every session in a real store", () => {
  for (const fixture of FIXTURES)
    test(fixture.name, async () => {
      const line = await ask(fixture)
      if (fixture.expect === "accept") expect(line.user_id).toBe(String(fixture.expected_user_id))
      else expect(line).toEqual({ user_id: null, reason: expect.any(String), why: expect.any(String) })
      if (fixture.expect === "anonymous") expect(line.reason).toBe("not_logged_in")
      if (fixture.expect === "reject") expect(line.reason).not.toBe("not_logged_in")
    })
})

test("many headers come one a line from standard input; answers keep their order", async () => {
  const plain = FIXTURES.filter(
    ({ framework, store, serialize_handler: handler, config, database = 0, user_path: path }) =>
      framework === "native" &&
      store === "redis" &&
      handler === "php" &&
      Object.keys(config).length + database === 0 &&
      path[0] === "user_id",
  )
  for (const fixture of plain) await place(fixture)
  const copies = Array.from({ length: 20 }, () => plain).flat()
  const flags = [
    "sessions.framework=php",
    "sessions.store=redis",
    `sessions.redis_urls=redis://127.0.0.1:${redis.port}/0`,
  ]
  const child = spawn(
    "node",
    [join(import.meta.dir, "../../bin/skein.mjs"), "whoami", "--json", ...flags.flatMap((flag) => ["--set", flag])],
    { cwd: temporaryFolder(), stdio: ["pipe", "pipe", "inherit"] },
  )
  let output = ""
  child.stdout.on("data", (bytes) => {
    output += String(bytes)
  })
  child.stdin.end(copies.map(({ cookie_header: header }) => `Cookie: ${header}\r\n`).join(""))
  const code = await new Promise((resolve) => child.once("close", resolve))
  expect(code).toBe(0)
  const users = output
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line).user_id)
  expect(users).toEqual(
    copies.map(({ expect: expected, expected_user_id: user }) => (expected === "accept" ? String(user) : null)),
  )
  expect(new Set(users).size).toBeGreaterThan(2)
}, 30_000)

describe("several sites", () => {
  /** Two sites with a folder of sessions each; the same cookie is somebody on both. */
  function sites(): { cwd: string; login: (site: "main" | "club", id: string, user: string) => void } {
    const cwd = temporaryFolder()
    for (const site of ["main", "club"]) mkdirSync(join(cwd, site))
    const toml = `
      [sessions]
      framework = "php"
      folder = "main"
      [[sites]]
      name = "club"
      framework = "php"
      folder = "club"
      cookie = "CLUB"
      user_path = ["member"]
    `
    writeFileSync(join(cwd, "skein.toml"), toml)
    const login = (site: "main" | "club", id: string, user: string) =>
      writeFileSync(
        join(cwd, site, `sess_${id}`),
        `${site === "main" ? "user_id" : "member"}|s:${user.length}:"${user}";`,
      )
    return { cwd, login }
  }

  async function asked(cwd: string, ...args: string[]) {
    const main = join(import.meta.dir, "../../src/cli/main.ts")
    const child = Bun.spawn([process.execPath, main, "whoami", ...args], { cwd, stdout: "pipe", stderr: "pipe" })
    const [code, stdout, stderr] = await Promise.all([
      child.exited,
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ])
    return { code, stdout: stdout.trim(), stderr: stderr.trim() }
  }

  const id = "g9frhb9q2ipvmnp6nk41pj9ko2"
  const cookie = ["--cookie", `PHPSESSID=${id}; CLUB=${id}`]

  test("the first that knows the cookie answers, the main one before the others, and is named", async () => {
    const { cwd, login } = sites()
    login("club", id, "ann")
    expect(JSON.parse((await asked(cwd, ...cookie, "--json")).stdout)).toMatchObject({ user_id: "ann", site: "club" })
    expect((await asked(cwd, ...cookie)).stdout).toBe("user ann of the site club")
    login("main", id, "42")
    expect((await asked(cwd, ...cookie)).stdout).toBe("user 42 of the site main")
    expect((await asked(cwd, ...cookie, "--site", "club")).stdout).toBe("user ann of the site club")
  }, 30_000)

  test("a cookie of nobody: each site says why, and the reason is the most telling", async () => {
    const { cwd } = sites()
    const club = ["--cookie", `CLUB=${id}`]
    const line = JSON.parse((await asked(cwd, ...club, "--json")).stdout)
    expect(line).toEqual({ user_id: null, reason: "session_gone", why: expect.stringMatching(/^main: .*; club: .*/) })
    const main = JSON.parse((await asked(cwd, ...club, "--json", "--site", "main")).stdout)
    expect(main).toEqual({ user_id: null, reason: "no_cookie", why: expect.not.stringContaining("main:") })
  }, 30_000)

  test("a site nobody has is refused with the names there are", async () => {
    const { cwd } = sites()
    expect(await asked(cwd, ...cookie, "--site", "clubb")).toEqual({
      code: 2,
      stdout: "",
      stderr: 'skein: --site must be one of main, club, got "clubb" (did you mean club?)',
    })
  })
})
