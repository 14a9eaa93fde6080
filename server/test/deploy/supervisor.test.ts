import { afterAll, beforeAll, expect, test } from "bun:test"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { freePort } from "../support/ports.ts"
import { openFolder, runSystem, SystemProgram } from "../support/program.ts"
import { API_KEY } from "../support/server.ts"
import { until } from "../support/until.ts"
import { CHANNEL_RULES, Listener, Publisher } from "./support/client.ts"
import { hasChanged, holderOf } from "./support/holder.ts"
import { ROOT, shipped } from "./support/shipped.ts"

const DRAIN_WINDOW_MS = 300

const { path: folder, remove } = openFolder("skein-supervisor-")
const configuration = join(folder, "supervisord.conf")
const data = join(folder, "data")
const user = runSystem("id", ["-un"]).said.trim()
let supervisor: SystemProgram
let port: number

beforeAll(async () => {
  port = await freePort()
  mkdirSync(data)
  writeFileSync(join(folder, "skein.toml"), settings())
  writeFileSync(join(folder, "skein.conf"), program())
  writeFileSync(configuration, supervisord())
  supervisor = new SystemProgram("supervisord", ["-c", configuration])
  await supervisor.ready(() => existsSync(join(folder, "s.sock")), "makes its socket")
  await until(isReady, "the server is ready", 30_000)
}, 120_000)
afterAll(async () => {
  await supervisor?.stop()
  remove()
})

/** The program section that is shipped, with the paths of this test. */
function program(): string {
  return shipped("supervisor/skein.conf", {
    "/usr/bin/node": runSystem("which", ["node"]).said.trim(),
    "/opt/skein": ROOT,
    "/etc/skein": folder,
    "/var/lib/skein": data,
    "/var/log/skein": folder,
    "user=skein": `user=${user}`,
  })
}

const supervisord = () => `
[unix_http_server]
file=${folder}/s.sock
chmod=0700
[supervisord]
nodaemon=true
user=${user}
logfile=${folder}/s.log
pidfile=${folder}/s.pid
childlogdir=${folder}
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://${folder}/s.sock
[include]
files=${folder}/skein.conf
`

const settings = () => `
mode = "production"
[server]
port = ${port}
[auth]
api_keys = ["${API_KEY}"]
allow_anonymous = true
[drain]
window = "${DRAIN_WINDOW_MS}ms"
${(JSON.parse(CHANNEL_RULES) as Record<string, unknown>[])
  .map((rule) =>
    ["[[channels]]", ...Object.entries(rule).map(([key, value]) => `${key} = ${JSON.stringify(value)}`)].join("\n"),
  )
  .join("\n")}
`

/** While it starts or waits to start again, `supervisorctl status` fails. */
const isRunning = (): boolean =>
  runSystem("supervisorctl", ["-c", configuration, "status", "skein"]).said.includes("RUNNING")

const url = () => `http://127.0.0.1:${port}`

async function isReady(): Promise<boolean> {
  const answer = await fetch(`${url()}/ready`).catch(() => undefined)
  return answer?.status === 200
}

function control(...args: string[]): string {
  const { said, status } = runSystem("supervisorctl", ["-c", configuration, ...args])
  if (status !== 0) throw new Error(`supervisorctl ${args.join(" ")} failed: ${said}`)
  return said
}

test("restarts by command and kill -9 under Supervisor: clients recover, nothing lost, doubled or out of order", async () => {
  const listener = new Listener(`ws://127.0.0.1:${port}/connection/websocket`)
  await listener.ready()
  const publisher = new Publisher(() => ({ url: url() }), API_KEY)
  const hears = (more: number, what: string) => {
    const goal = listener.heard.length + more
    return until(() => listener.heard.length >= goal, what, 30_000)
  }
  await hears(20, "publications arrive")

  const first = holderOf(data)
  expect(control("restart", "skein")).toContain("skein: started")
  await until(() => hasChanged(data, first), "another process works in the data folder", 30_000)
  await hears(20, "publications arrive after the restart")

  for (let round = 0; round < 2; round++) {
    const killed = holderOf(data)
    process.kill(killed, "SIGKILL")
    await until(() => hasChanged(data, killed), "Supervisor starts it again", 30_000)
    await hears(20, `publications arrive after kill -9, ${round}`)
  }

  const count = await publisher.stop()
  await until(() => listener.heard.length >= count, "the rest is heard")
  listener.stop()
  expect(listener.heard).toEqual(Array.from({ length: count }, (_, n) => n))
  expect(listener.gaps).toBe(0)
  await until(isRunning, "Supervisor calls it running")
}, 120_000)

test("kill -9 of the launcher is healed too, and stopping ends everything gently", async () => {
  await until(isRunning, "Supervisor calls it running")
  const launcher = Number(control("pid", "skein"))
  const orphan = holderOf(data)
  expect(launcher).not.toBe(orphan)
  process.kill(launcher, "SIGKILL")
  // Its server goes on answering for the moment until it notices.
  await until(() => hasChanged(data, orphan) && isReady(), "another server works", 30_000)
  await until(isRunning, "Supervisor calls it running")
  const server = holderOf(data)
  expect(control("stop", "skein")).toContain("skein: stopped")
  await until(() => !existsSync(`/proc/${server}`), "the server is gone")
  expect(readFileSync(join(folder, "skein.log"), "utf8")).toContain("SIGTERM: draining")
}, 120_000)
