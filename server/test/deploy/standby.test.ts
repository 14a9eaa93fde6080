import { afterEach, expect, test } from "bun:test"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { freePort } from "../support/ports.ts"
import { SystemProgram } from "../support/program.ts"
import { TestServer } from "../support/server.ts"
import { ROOT } from "./support/shipped.ts"

const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function standbyOf(server: TestServer): Promise<{ standby: SystemProgram; port: number }> {
  const port = await freePort()
  const args = ["serve", "--standby", "--port", String(port), "--data", server.data]
  const standby = new SystemProgram("node", [join(ROOT, "server/bin/skein.mjs"), ...args])
  ends.push(() => standby.stop("SIGKILL"))
  await standby.ready(() => standby.said.includes("standing by"), "stands by")
  return { standby, port }
}

async function active(): Promise<TestServer> {
  const server = await TestServer.start({ env: { SKEIN_DRAIN_WINDOW: "0s" } })
  ends.push(() => server.stop())
  return server
}

const answers = async (port: number): Promise<boolean> =>
  (await fetch(`http://127.0.0.1:${port}/ready`).catch(() => undefined))?.status === 200

test("it does not listen while another works, waits longer than a start does, and serves when that one is gone", async () => {
  const server = await active()
  const { standby, port } = await standbyOf(server)
  // A server that is no standby gives up in this time.
  const impatient = new SystemProgram("node", [
    join(ROOT, "server/bin/skein.mjs"),
    "serve",
    "--port",
    "0",
    "--data",
    server.data,
  ])
  ends.push(() => impatient.stop("SIGKILL"))
  await impatient.ended()
  expect(impatient.exitCode).toBe(5)
  expect([standby.hasEnded, await answers(port)]).toEqual([false, false])
  await server.terminate()
  await standby.ready(() => answers(port), "serves")
}, 90_000)

test("it ends in order when it is told to while it waits", async () => {
  const server = await active()
  const { standby } = await standbyOf(server)
  await standby.stop("SIGTERM")
  expect(standby.exitCode).toBe(0)
  expect(await answers(server.port)).toBe(true)
  expect(existsSync(join(server.data, "lock.pid"))).toBe(true)
}, 60_000)
