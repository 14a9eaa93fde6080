import { expect, test } from "bun:test"
import { chmodSync, writeFileSync } from "node:fs"
import { delimiter, join } from "node:path"
import { checkBun, findBun, isNewEnough } from "../../bin/launch.mjs"
import { Program, temporaryFolder } from "./program.ts"

const LAUNCHER = join(import.meta.dir, "launch-small.mjs")
const READY = /^Skein ready on (\S+)$/m

async function launched(env: Record<string, string> = {}, data = temporaryFolder()) {
  const program = new Program(["node", LAUNCHER, "--port", "0", "--data", data], { env })
  const [, url = ""] = await program.prints(READY)
  const serverPid = Number(await (await fetch(url)).text())
  return { program, url, serverPid, data }
}

test("the launcher runs the server as another process and passes SIGTERM on", async () => {
  const { program, serverPid } = await launched()
  expect(serverPid).not.toBe(program.pid)
  program.kill("SIGTERM")
  expect(await program.ends()).toEqual({ code: 0, signal: null })
  expect(program.stdout).toContain("draining")
})

test("Ctrl-C and a closed terminal drain as well", async () => {
  for (const signal of ["SIGINT", "SIGHUP"] as const) {
    const { program } = await launched()
    program.kill(signal)
    expect(await program.ends()).toEqual({ code: 0, signal: null })
  }
})

test("the launcher ends with the exit code of the server", async () => {
  const program = new Program(["node", LAUNCHER, "--port", "none"])
  expect(await program.ends()).toEqual({ code: 3, signal: null })
})

test("the launcher ends by the signal that ended the server", async () => {
  const { program, serverPid } = await launched()
  process.kill(serverPid, "SIGKILL")
  expect(await program.ends()).toEqual({ code: null, signal: "SIGKILL" })
})

test("kill -9 of the launcher takes the server with it, and the next start finds port and data folder free", async () => {
  const { program, url, data } = await launched()
  program.kill("SIGKILL")
  await program.ends() // Its output ends only when the server has ended too.
  expect(program.stderr).toContain("the launcher is gone")
  const next = new Program(["node", LAUNCHER, "--port", new URL(url).port, "--data", data])
  await next.prints(READY)
})

test("kill -9 of the launcher ends even a server whose drain never ends", async () => {
  const { program } = await launched({ NEVER_ENDING_DRAIN: "1" })
  program.kill("SIGKILL")
  await program.ends()
  expect(program.stderr).toContain("draining took too long")
})

test("versions below 1.4.4 are too old", () => {
  expect(["1.4.4", "1.4.10", "1.5.0", "2.0.0", "1.4.4-canary.1"].map(isNewEnough)).toEqual(Array(5).fill(true))
  expect(["1.4.3", "1.3.9", "0.9.9", "", "bun"].map(isNewEnough)).toEqual(Array(5).fill(false))
})

function fakeBun(version: string): string {
  const folder = temporaryFolder()
  writeFileSync(join(folder, "bun"), `#!/bin/sh\necho ${version}\n`)
  chmodSync(join(folder, "bun"), 0o755)
  return folder
}

test("without the package of the platform, Bun of the PATH is used when it is new enough", () => {
  const path = process.env.PATH ?? ""
  try {
    process.env.PATH = `${fakeBun("1.4.4")}${delimiter}${path}`
    expect(findBun({}, "plan9", "mips")).toEqual({ path: "bun" })
    process.env.PATH = `${fakeBun("1.4.3")}${delimiter}${path}`
    expect(findBun({}, "plan9", "mips").problem).toMatch(/no Bun for plan9-mips: .*\(bun is Bun 1\.4\.3\)/)
  } finally {
    process.env.PATH = path
  }
})

test("SKEIN_BUN chooses the binary, and is checked", () => {
  const good = join(fakeBun("1.9.0"), "bun")
  expect(findBun({ SKEIN_BUN: good })).toEqual({ path: good })
  expect(checkBun("/nowhere/bun").problem).toContain("/nowhere/bun does not run")
})
