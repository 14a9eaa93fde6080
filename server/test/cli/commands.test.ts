import { expect, test } from "bun:test"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { createTokens } from "../../src/auth/jwt.ts"
import { systemClock } from "../../src/core/clock.ts"
import { Program, temporaryFolder } from "./program.ts"

const SKEIN = join(import.meta.dir, "..", "..", "bin", "skein.mjs")
const SECRET = "a secret of the tests, long enough"

async function skein(args: readonly string[], options: ConstructorParameters<typeof Program>[1] = {}) {
  const program = new Program(["node", SKEIN, ...args], options)
  const { code } = await program.ends()
  return { code, stdout: program.stdout, stderr: program.stderr }
}

test("skein alone and skein help explain the commands", async () => {
  const [help, ...others] = await Promise.all([
    skein(["help"]),
    skein([]),
    skein(["--help"]),
    skein(["serve", "--help"]),
    skein(["doctor", "wss://chat.example", "-h"]),
  ])
  for (const other of others) expect(other).toEqual(help)
  expect(help.code).toBe(0)
  for (const command of ["serve", "doctor", "token", "whoami", "config print", "config reference"])
    expect(help.stdout).toContain(`skein ${command}`)
})

test("whose reader is gone says no more, and does not call that a fault", async () => {
  const doctor = new Program(["bash", "-c", 'set -o pipefail; "$@" | true; echo $?', "", "node", SKEIN, "doctor"])
  await doctor.ends()
  expect([doctor.stdout, doctor.stderr]).toEqual(["1\n", ""])
})

test("skein --version names the versions of both", async () => {
  expect((await skein(["--version"])).stdout).toMatch(/^skein \d+\.\d+\.\d+ \(Bun \d+\.\d+\.\d+\)\n$/)
})

test("a mistyped command or flag is one line of advice and exit code 2", async () => {
  expect(await skein(["sevre"])).toEqual({
    code: 2,
    stdout: "",
    stderr: "skein: sevre is not a command (did you mean serve?); see skein help\n",
  })
  const { code, stderr } = await skein(["serve", "--prot", "1"])
  expect([code, stderr.split("\n").length]).toEqual([2, 2])
  expect(stderr).toContain("did you mean --port?")
  const config = await skein(["config", "prnit"])
  expect([config.code, config.stderr]).toEqual([
    2,
    "skein: skein config takes print or reference, got prnit (did you mean print?)\n",
  ])
})

test("config print shows what is in force and makes no data folder", async () => {
  const cwd = temporaryFolder()
  writeFileSync(join(cwd, "skein.toml"), "[server]\nport = 1234\n")
  const { code, stdout } = await skein(["config", "print", "--set", "log.level=debug"], {
    cwd,
    env: { SKEIN_API_KEY: "hunter2-hunter2-hunter2" },
  })
  expect(code).toBe(0)
  expect(stdout).toContain("port = 1234  # skein.toml")
  expect(stdout).toContain('level = "debug"  # --set log.level')
  expect(stdout).not.toContain("hunter2")
  expect(() => mkdirSync(join(cwd, "data"))).not.toThrow()
})

async function tokens() {
  return createTokens({ keys: { hmacSecrets: [SECRET] }, audience: ["shop"] }, systemClock)
}

const SIGNING = { SKEIN_TOKEN_HMAC_SECRET: SECRET, SKEIN_AUTH_AUDIENCE: "shop" }

test("skein token makes a connection token that the server takes", async () => {
  const { code, stdout } = await skein(["token", "--user", "42", "--ttl", "5m", "--info", '{"name":"小明"}'], {
    env: SIGNING,
  })
  expect(code).toBe(0)
  const verdict = await (await tokens()).connection(stdout.trim())
  if (verdict.kind !== "ok") throw new Error(verdict.why)
  expect(verdict.identity.userId).toBe("42")
  expect(JSON.parse(verdict.identity.info ?? "")).toEqual({ name: "小明" })
  const leftMs = (verdict.identity.expiresAtMs ?? 0) - Date.now()
  expect(leftMs).toBeGreaterThan(4 * 60_000)
  expect(leftMs).toBeLessThanOrEqual(5 * 60_000)
})

test("skein token --channel makes a subscription token for that channel only", async () => {
  const { stdout } = await skein(["token", "--user", "42", "--channel", "orders:42"], { env: SIGNING })
  const { subscription } = await tokens()
  const expected = { userId: "42", channel: "orders:42", clientId: "" }
  expect((await subscription(stdout.trim(), expected)).kind).toBe("ok")
  expect((await subscription(stdout.trim(), { ...expected, channel: "orders:43" })).kind).toBe("mismatch")
})

test("skein token --channel signs with the subscription tokens' own secret, and says so when there is none", async () => {
  const args = ["token", "--user", "42", "--channel", "orders:42"]
  const own = { ...SIGNING, SKEIN_AUTH_SUBSCRIPTION_TOKEN_HMAC_SECRETS: "a secret of subscriptions" }
  const [{ stdout }, other] = await Promise.all([
    skein(args, { env: own }),
    skein(args, { env: { ...SIGNING, SKEIN_AUTH_SUBSCRIPTION_JWKS_URL: "https://login.example/jwks.json" } }),
  ])
  const expected = { userId: "42", channel: "orders:42", clientId: "" }
  expect((await (await tokens()).subscription(stdout.trim(), expected)).kind).toBe("invalid")
  const { subscription } = await createTokens({ keys: { hmacSecrets: ["a secret of subscriptions"] } }, systemClock)
  expect((await subscription(stdout.trim(), expected)).kind).toBe("ok")
  expect(other).toMatchObject({ code: 3, stdout: "", stderr: expect.stringContaining("whoever has the private key") })
})

test("skein token without a secret to sign with says how to get one", async () => {
  const { code, stderr } = await skein(["token", "--user", "42"])
  expect(code).toBe(4)
  expect(stderr).toMatch(/^skein: no secrets in .*: start the server once, or name its folder with --data\n$/)
})

test("skein token refuses what it does not understand", async () => {
  for (const [args, advice] of [
    [["token"], "needs --user"],
    [["token", "--user", "1", "--ttl", "soon"], "--ttl must be a duration"],
    [["token", "--user", "1", "--info", "{"], "--info must be JSON"],
  ] as const) {
    const { code, stderr } = await skein(args, { env: SIGNING })
    expect(code).toBe(2)
    expect(stderr).toContain(advice)
  }
})
