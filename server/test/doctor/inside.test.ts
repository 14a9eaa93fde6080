import { afterAll, afterEach, beforeAll, expect, setDefaultTimeout, test } from "bun:test"
import { once } from "node:events"
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import { join } from "node:path"
import { temporaryFolder } from "../cli/program.ts"
import { type Service, startRedis } from "../php-sessions/services.ts"
import { freePort } from "../support/ports.ts"
import { TestServer } from "../support/server.ts"
import { type Diagnosis, runDoctor } from "./run-doctor.ts"

// Each look is a program of its own, which takes seconds to start on a busy machine.
setDefaultTimeout(90_000)

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

let redis: Service
beforeAll(async () => {
  redis = await startRedis("--requirepass", "a-redis-password")
})
afterAll(() => redis?.stop())

/** Whatever else runs on this machine, the port is not what these are about. */
const ANY_PORT = { SKEIN_PORT: "0" }

/** So is how soon a store or a site answers. */
const PATIENT = 'timeout = "10s"'

/** The doctor where a server is set up: this text is its `skein.toml`. */
function inside(toml: string, isRoot = true): Promise<Diagnosis> {
  const folder = temporaryFolder()
  writeFileSync(join(folder, "skein.toml"), toml)
  return runDoctor(["--json"], toml.includes("port =") ? {} : ANY_PORT, folder, isRoot)
}

test("nothing is set up yet: nothing is wrong, nothing is made", async () => {
  const folder = temporaryFolder()
  const { code, problems, about } = await runDoctor(["--json"], ANY_PORT, folder)
  expect([code, problems, about("data").severity]).toEqual([0, [], "note"])
  expect(readdirSync(folder)).toEqual([])
})

test("a running server is found, by its folder and its port, and is not disturbed", async () => {
  const server = await TestServer.start()
  ends.push(() => server.stop())
  const seen = await runDoctor(["--json", "--data", server.data])
  expect([seen.code, seen.problems, seen.warnings]).toEqual([0, [], []])
  expect(seen.about("data.lock").says).toContain(`process ${server.pid}`)
  expect(seen.about("server").says).toContain("is ready")
  expect(seen.about("descriptors").says).toContain("the running server")
  expect(seen.about("server").says).toContain(`127.0.0.1:${server.port}`)
  await server.kill()
  const gone = await runDoctor(["--json", "--data", server.data, "--port", String(server.port)])
  expect([gone.code, gone.about("data.lock").severity]).toEqual([0, "note"])
})

test("the one Pusher app is named, when it is configured", async () => {
  const seen = await inside('[pusher]\napp_id = "shop"\napp_key = "k"\napp_secret = "s"\n')
  expect([seen.about("pusher").severity, seen.about("pusher").says]).toEqual(["ok", "Pusher app: shop"])
})

test("several Pusher apps of which none shares its channels are mentioned, as a Pusher event then reaches no other client", async () => {
  const apps = (more = "") =>
    ["one", "two"].map((id) => `[[pusher_apps]]\nid = "${id}"\nkey = "${id}"\nsecret = "s"\n`).join("\n") + more
  const apart = await inside(apps())
  expect([apart.code, apart.about("pusher.shared").fix]).toEqual([0, expect.stringContaining("shares_channels = true")])
  expect((await inside(apps("shares_channels = true"))).findings.map(({ about }) => about)).not.toContain(
    "pusher.shared",
  )
})

test("a server that is stopped in its tracks does not answer: said, within bounds", async () => {
  const server = await TestServer.start()
  ends.push(() => server.stop())
  process.kill(server.pid, "SIGSTOP")
  const seen = await runDoctor(["--json", "--data", server.data, "--port", String(server.port)])
  process.kill(server.pid, "SIGCONT")
  expect(seen.problems).toEqual(["server"])
  expect(seen.about("server").says).toContain("ETIMEDOUT")
})

test("every problem of the configuration, each a finding", async () => {
  const { code, findings, problems } = await inside('[server]\nport = 99999\n[limits]\nping_intervall = "25s"\n')
  expect([code, problems]).toEqual([1, ["config", "config"]])
  const says = findings.map((finding) => finding.says).join("\n")
  expect(says).toContain("server.port must be a whole number from 0 to 65535")
  expect(says).toContain("did you mean limits.ping_interval?")
})

test("configurations that are accepted and still hurt", async () => {
  const trusting = await inside('[server]\ntrusted_proxies = ["0.0.0.0/0"]\n[auth]\ntrust_user_id = "anywhere"\n')
  expect([trusting.problems, trusting.warnings]).toEqual([["config.proxies"], ["config.identity"]])
  const slow = await inside('[limits]\nping_interval = "100s"\nidle_timeout = "300s"\n')
  expect(slow.warnings).toEqual(["config.ping"])
})

test("rights of the data folder and of the secrets; a folder that cannot be", async () => {
  const server = await TestServer.start()
  ends.push(() => server.stop())
  await server.kill()
  chmodSync(server.data, 0o755)
  chmodSync(join(server.data, "secrets.json"), 0o644)
  const open = await runDoctor(["--json", "--data", server.data], ANY_PORT)
  expect([open.problems, open.warnings]).toEqual([["data.secrets"], ["data.rights"]])
  expect(open.about("data.secrets").fix).toContain("chmod 600")
  // Looking is all it does.
  expect(existsSync(join(server.data, "secrets.json"))).toBe(true)
  const secrets = JSON.parse(readFileSync(join(server.data, "secrets.json"), "utf8")) as Record<string, string>
  for (const secret of Object.values(secrets)) expect(open.stdout + open.stderr).not.toContain(secret)
  const nowhere = await runDoctor(["--json", "--data", "/proc/skein/data"], ANY_PORT)
  expect(nowhere.problems).toEqual(["data"])
  const file = join(temporaryFolder(), "data")
  writeFileSync(file, "")
  expect((await runDoctor(["--json", "--data", file], ANY_PORT)).about("data").says).toContain("is a file")
  const closed = temporaryFolder()
  chmodSync(closed, 0o500)
  const forbidden = await runDoctor(["--json", "--data", closed], ANY_PORT, temporaryFolder(), false)
  expect([forbidden.problems, forbidden.about("data").fix]).toEqual([["data"], expect.stringContaining("chown")])
})

test("files of the data folder that are damaged", async () => {
  const server = await TestServer.start()
  ends.push(() => server.stop())
  await server.kill()
  for (const [name, fix] of [
    ["lock.db", "remove it"],
    ["log.db", "history begins anew"],
    ["chat.db", "from a backup"],
    ["secrets.json", "makes new keys"],
  ] as const) {
    const whole = readFileSync(join(server.data, name))
    writeFileSync(join(server.data, name), "{ what once was a file of the server")
    const { problems, about } = await runDoctor(["--json", "--data", server.data], ANY_PORT)
    expect([name, problems]).toEqual([name, ["data.damaged"]])
    expect(about("data.damaged")).toMatchObject({
      says: expect.stringContaining(name),
      fix: expect.stringContaining(fix),
    })
    writeFileSync(join(server.data, name), whole)
  }
  expect((await runDoctor(["--json", "--data", server.data], ANY_PORT)).problems).toEqual([])
})

test("a port that cannot be had", async () => {
  const other = createServer().listen(0, "127.0.0.1")
  ends.push(() => other.close())
  await once(other, "listening")
  const { port } = other.address() as { port: number }
  const at = (lines: string) => inside(`[server]\n${lines}\n`)
  const taken = await at(`port = ${port}`)
  expect([taken.problems, taken.about("port").says]).toEqual([["port"], expect.stringContaining("EADDRINUSE")])
  expect(taken.about("port").fix).toContain("--config")
  // Of a network for documentation: no machine has it.
  const elsewhere = await at(`host = "192.0.2.1"\nport = ${await freePort()}`)
  expect([elsewhere.problems, elsewhere.about("port").fix]).toEqual([["port"], expect.stringContaining("127.0.0.1")])
  expect((await at(`port = ${await freePort()}`)).about("port").severity).toBe("ok")
})

test("few open files", async () => {
  const limited = async (files: number) => {
    const main = join(import.meta.dirname, "../../src/cli/main.ts")
    const command = `ulimit -n ${files} && exec "$0" "$@"`
    const args = ["-c", command, process.execPath, main, "doctor", "--json"]
    const { stdout } = Bun.spawnSync(["bash", ...args], { cwd: temporaryFolder() })
    const { findings } = JSON.parse(stdout.toString()) as {
      findings: { about: string; severity: string; fix: string }[]
    }
    return findings.find(({ about }) => about === "descriptors")
  }
  expect(await limited(200)).toMatchObject({ severity: "problem", fix: expect.stringContaining("LimitNOFILE") })
  expect(await limited(1_024)).toMatchObject({ severity: "warning" })
})

test("the store of the site's sessions: reachable, refusing, away; no password is shown", async () => {
  const sessions = (lines: string) => inside(`[sessions]\nframework = "php"\n${PATIENT}\n${lines}\n`)
  const url = (password: string, port = redis.port) =>
    `store = "redis"\nredis_urls = ["redis://:${password}@127.0.0.1:${port}/0"]`
  expect((await sessions(url("a-redis-password"))).about("sessions").severity).toBe("ok")
  const wrong = await sessions(url("another-password"))
  expect(wrong.problems).toEqual(["sessions"])
  expect(wrong.stdout + wrong.stderr).not.toContain("another-password")
  expect((await sessions(url("a-redis-password", await freePort()))).problems).toEqual(["sessions"])
  const folder = temporaryFolder()
  mkdirSync(join(folder, "sessions"))
  expect((await sessions(`folder = "${folder}/sessions"`)).about("sessions").severity).toBe("ok")
  expect((await sessions(`folder = "${folder}/nowhere"`)).problems).toEqual(["sessions"])
  // session.save_path as it stands, with the depth in front.
  expect((await sessions(`folder = "2;${folder}/sessions"`)).about("sessions").severity).toBe("ok")
  expect((await sessions(`folder = "2;${folder}/nowhere"`)).problems).toEqual(["sessions"])
})

test("stores that are not there: said, with what to start", async () => {
  const key = Buffer.alloc(32).toString("base64")
  for (const [store, settings] of [
    ["memcached", `framework = "php"\nmemcached_servers = ["127.0.0.1:${await freePort()}"]`],
    [
      "database",
      `framework = "laravel"\napp_key = "base64:${key}"\ndatabase_url = "mysql://site:a-password@127.0.0.1:${await freePort()}/site"`,
    ],
  ] as const) {
    const away = await inside(`[sessions]\nstore = "${store}"\n${settings}\n`)
    expect([store, away.problems]).toEqual([store, ["sessions"]])
    expect(away.about("sessions").fix).toMatch(/^start (memcached|the database), or correct/)
    expect(away.stdout + away.stderr).not.toContain("a-password")
  }
})

test("session files that PHP keeps to itself, though everybody may enter their folder", async () => {
  const folder = join(temporaryFolder(), "sessions")
  mkdirSync(folder)
  writeFileSync(join(folder, "sess_mine"), "", { mode: 0o600 })
  const sessions = () => inside(`[sessions]\nframework = "php"\nfolder = "${folder}"\n`, false)
  expect((await sessions()).about("sessions").severity).toBe("ok")
  writeFileSync(join(folder, "sess_of_php"), "", { mode: 0o000 })
  const { problems, about } = await sessions()
  expect([problems, about("sessions").fix]).toEqual([["sessions"], expect.stringContaining("User=www-data")])
  chmodSync(folder, 0o300) // As Debian's own: enter and make, but do not look around.
  const hidden = (await sessions()).about("sessions")
  chmodSync(folder, 0o700)
  expect(hidden).toMatchObject({ severity: "note", fix: expect.stringContaining("skein whoami") })
})

test("further sites are looked at like the main one, and each finding names its site", async () => {
  const folder = temporaryFolder()
  const closed = await freePort()
  const { problems, about } = await inside(`
    [sessions]
    framework = "php"
    folder = "${folder}"
    [[sites]]
    name = "club"
    framework = "php"
    folder = "${folder}/nowhere"
    [[sites]]
    name = "forum"
    callback_url = "http://127.0.0.1:${closed}/whoami.php"
  `)
  expect(about("sessions").severity).toBe("ok")
  expect(problems).toEqual(["sites.club.sessions", "sites.forum.callback"])
  expect(about("sites.club.sessions").fix).toContain('the site "club" of [[sites]]')
  expect(about("sites.forum.callback").cause).toContain('callback_url of the site "forum"')
})

test("the address that says who somebody is", async () => {
  const port = await freePort()
  const site = createServer((request, response) => {
    const path = request.url ?? ""
    response.statusCode = path.startsWith("/guest") ? 401 : 200
    response.end(path.startsWith("/anyone") ? '{"id":"42"}' : "<b>Fatal error</b>")
  })
  await new Promise<void>((resolve) => site.listen(port, "127.0.0.1", resolve))
  ends.push(() => site.close())
  const callback = (path: string) =>
    inside(`[callback]\n${PATIENT}\nurl = "http://user:pass@127.0.0.1:${port}${path}?key=hidden"\n`)
  expect((await callback("/guest")).about("callback").severity).toBe("ok")
  expect((await callback("/anyone")).about("callback").says).toContain("is somebody")
  const broken = await callback("/error")
  expect(broken.about("callback").says).toContain("error of PHP")
  expect(broken.stdout).not.toMatch(/user:pass|hidden/)
  expect((await inside(`[callback]\nurl = "http://127.0.0.1:${await freePort()}/"\n`)).problems).toEqual(["callback"])
})

test("for people: a mark, the cause, the fix, and the sum; wrong flags are refused", async () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, "skein.toml"), '[server]\nport = "x"\n')
  const { code, stdout } = await runDoctor([], {}, folder)
  expect(code).toBe(1)
  expect(stdout).toMatch(/^✗ config: server\.port must be .*\n {4}Why: .*\n {4}Fix: .*\n1 problem, 0 warnings\.\n$/)
  for (const args of [
    ["a.example", "b.example"],
    ["--idle", "soon"],
    ["--origin", "shop.example"],
    ["ftp://x"],
    ["wss://u:p@x/"],
  ]) {
    const refused = await runDoctor(args, {}, folder)
    expect([args, refused.code, refused.stdout]).toEqual([args, 2, ""])
  }
})
