import { expect, test } from "bun:test"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Program, temporaryFolder } from "./program.ts"

const SMALL_SERVER = join(import.meta.dir, "small-server.ts")
const MAIN = join(import.meta.dir, "..", "..", "src", "cli", "main.ts")
const READY = /^Skein ready on (http:\/\/127\.0\.0\.1:\d+)$/m

function smallServer(args: readonly string[] = [], env: Record<string, string> = {}): Program {
  return new Program([process.execPath, SMALL_SERVER, "--port", "0", ...args], { env })
}

test("it says when it is ready on stdout, what is open on stderr, and ends well on SIGTERM", async () => {
  const server = smallServer()
  const [, url = ""] = await server.prints(READY)
  expect((await fetch(url)).status).toBe(200)
  await server.prints(/guests from this machine may chat/)
  await server.prints(/secrets\.json with the API key/)
  expect(server.stdout.trim().split("\n")).toHaveLength(1)
  for (const line of server.stderr.trim().split("\n")) expect(() => JSON.parse(line)).not.toThrow()
  server.kill("SIGTERM")
  expect(await server.ends()).toEqual({ code: 0, signal: null })
  expect(server.stdout).toContain("draining")
})

test("nobody reads its stdout: it serves all the same", async () => {
  const data = temporaryFolder()
  const server = new Program([
    "bash",
    "-c",
    'exec "$@" > >(true)',
    "",
    process.execPath,
    MAIN,
    "serve",
    "--port",
    "0",
    "--data",
    data,
  ])
  // Said after the ready line that nobody read.
  await server.prints(/guests from this machine may chat/)
  const url = readFileSync(join(data, "lock.url"), "utf8").trim()
  expect((await fetch(`${url}/health`)).status).toBe(200)
  server.kill("SIGTERM")
  expect(await server.ends()).toEqual({ code: 0, signal: null })
})

test("it names no secret", async () => {
  const server = smallServer([], { SKEIN_API_KEY: "hunter2-hunter2-hunter2", SKEIN_LOG_LEVEL: "trace" })
  await server.prints(READY)
  server.kill("SIGTERM")
  await server.ends()
  expect(server.stdout + server.stderr).not.toContain("hunter2")
})

test("in production mode without settings it says that nobody gets in without a key", async () => {
  const server = smallServer(["--set", "mode=production"])
  await server.prints(/production mode, because --set mode says so: nobody gets in/)
})

test("a second signal ends it at once", async () => {
  const server = smallServer([], { NEVER_ENDING_DRAIN: "1" })
  await server.prints(READY)
  server.kill("SIGTERM")
  await server.prints(/draining/)
  // Signals right after the first are the same Ctrl-C arriving by another way: one that comes late enough ends it.
  const again = setInterval(() => server.kill("SIGTERM"), 100)
  expect(await server.ends()).toEqual({ code: 1, signal: null })
  clearInterval(again)
})

test("an error nobody caught is logged with its stack, and the process drains and ends badly", async () => {
  const server = smallServer()
  const [, url = ""] = await server.prints(READY)
  await fetch(`${url}/reject`).catch(() => undefined) // Whether this is answered is a race with the drain.
  expect(await server.ends()).toEqual({ code: 1, signal: null })
  expect(server.stdout).toContain("draining")
  expect(server.stderr).toContain("nobody caught this")
  expect(server.stderr).toContain("small-server.ts")
})

test("a taken port is one clear line and exit code 6", async () => {
  const first = smallServer()
  const [, url = ""] = await first.prints(READY)
  const { port } = new URL(url)
  const second = new Program([process.execPath, SMALL_SERVER, "--port", port])
  expect(await second.ends()).toEqual({ code: 6, signal: null })
  expect(second.stderr).toBe(
    `skein: cannot listen on 127.0.0.1:${port}: the port is taken; stop the other program or choose another with --port\n`,
  )
})

test("the whole server, too, has its port for itself", async () => {
  const serve = (port: string) => new Program([process.execPath, MAIN, "serve", "--port", port])
  const first = serve("0")
  const [, url = ""] = await first.prints(READY)
  const second = serve(new URL(url).port)
  expect(await second.ends()).toEqual({ code: 6, signal: null })
  expect([second.stdout, second.stderr]).toEqual(["", expect.stringMatching(/^skein: .*the port is taken.*\n$/)])
})

test("pages that are being replaced while it starts are one clear line", async () => {
  // Linux lists there the descriptor by which it is being listed, and which is gone when it is to be read.
  const vanishing = "/proc/self/fdinfo"
  const server = new Program([process.execPath, SMALL_SERVER, "--port", "0"], { env: { PAGES: vanishing } })
  expect(await server.ends()).toEqual({ code: 1, signal: null })
  expect(server.stderr).toMatch(
    /^skein: the pages in \/proc\/self\/fdinfo cannot be read: ENOENT.*; if they are being built or replaced, .*\n$/,
  )
})

test("what the first start has to say is said by the first that succeeds, and once", async () => {
  const data = temporaryFolder()
  const first = smallServer()
  const [, url = ""] = await first.prints(READY)
  const taken = new Program([process.execPath, SMALL_SERVER, "--port", new URL(url).port, "--data", data])
  expect(await taken.ends()).toEqual({ code: 6, signal: null })
  const outputs = []
  for (let start = 0; start < 2; start++) {
    const server = smallServer(["--data", data])
    await server.prints(READY)
    server.kill("SIGTERM")
    await server.ends()
    outputs.push(server.stderr.split(`first start: made ${data}/secrets.json`).length - 1)
  }
  expect(outputs).toEqual([1, 0])
})

test("a data folder in use is one clear line and exit code 5", async () => {
  const data = temporaryFolder()
  const first = smallServer(["--data", data])
  await first.prints(READY)
  const second = smallServer(["--data", data])
  expect(await second.ends()).toEqual({ code: 5, signal: null })
  expect(second.stderr).toMatch(/^skein: another Skein server works in the data folder .* \(process \d+\): .*\n$/)
})

test("a data folder that cannot be made is one clear line and exit code 4", async () => {
  const file = join(temporaryFolder(), "file")
  writeFileSync(file, "")
  const server = smallServer(["--data", join(file, "data")])
  expect(await server.ends()).toEqual({ code: 4, signal: null })
  expect(server.stderr).toMatch(/^skein: cannot use the data folder .*ENOTDIR.*\n$/)
})

test("a host nobody has is one clear line and exit code 6", async () => {
  const server = new Program([process.execPath, SMALL_SERVER, "--host", "nobody.invalid"])
  expect(await server.ends()).toEqual({ code: 6, signal: null })
  expect(server.stderr).toBe("skein: cannot listen on nobody.invalid:8080: the host name is unknown; check --host\n")
})

test("one problem of the configuration is one line, and so is a file that cannot be read", async () => {
  const server = smallServer(["--set", "limits.ping_interval=1"])
  expect(await server.ends()).toEqual({ code: 3, signal: null })
  expect(server.stderr).toMatch(
    /^skein: configuration refused: limits\.ping_interval must be .*, got "1" \(from .*\)\n$/,
  )
  const folder = temporaryFolder()
  for (const [file, reason] of [
    [join(folder, "nowhere.toml"), "there is no such file (ENOENT)"],
    [folder, "it is a folder (EISDIR)"],
  ] as const) {
    const unread = smallServer(["--config", file])
    expect(await unread.ends()).toEqual({ code: 3, signal: null })
    expect(unread.stderr).toStartWith(`skein: cannot read the configuration ${file} (from --config): ${reason}`)
  }
})

test("a refused configuration lists every problem and is exit code 3", async () => {
  const server = smallServer(["--set", "limits.max_frame_bytes=1"], { SKEIN_LOG_LEVEL: "loud" })
  expect(await server.ends()).toEqual({ code: 3, signal: null })
  expect(server.stderr).toStartWith("skein: configuration refused, 2 problems:\n")
})

test("skein.toml of the working directory is read, .env and bunfig.toml are not", async () => {
  const cwd = temporaryFolder()
  mkdirSync(join(cwd, "kept"))
  writeFileSync(join(cwd, "skein.toml"), 'data = "kept/here"\n[log]\nformat = "json"\n')
  writeFileSync(join(cwd, ".env"), "SKEIN_HOST=0.0.0.0\n")
  writeFileSync(join(cwd, "bunfig.toml"), 'preload = ["./does-not-exist.ts"]\n')
  const launcher = join(import.meta.dir, "launch-small.mjs")
  const server = new Program(["node", launcher, "--port", "0"], { cwd })
  await server.prints(READY)
  await server.prints(/kept\/here\/secrets\.json/)
})
