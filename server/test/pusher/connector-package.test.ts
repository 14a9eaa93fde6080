import { afterAll, beforeAll, expect, test } from "bun:test"
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Program } from "../cli/program.ts"
import { Cable } from "../support/cable.ts"
import type { TestServer } from "../support/server.ts"
import { APP, startServer, trigger } from "./support.ts"

const ROOT = join(import.meta.dirname, "../../..")

/** What a site's build has: the package as it is installed, and its own pusher-js. */
const PAGE = `
import Pusher from "pusher-js"
import { recovering } from "@skein/echo"

const [key, port] = process.argv.slice(2)
const pusher = new (recovering(Pusher))(key, {
  cluster: "", wsHost: "127.0.0.1", wsPort: port, forceTLS: false, enabledTransports: ["ws"],
})
const channel = pusher.subscribe("log-a")
channel.bind("n", (n) => console.log("n " + n))
channel.bind("pusher:subscription_succeeded", () => console.log("listening"))
`

let folder: string
let server: TestServer
let cable: Cable
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "skein-connector-"))
  server = await startServer({}, { channels: [{ pattern: "log-*", history_size: 100, subscribe: "anyone" }] })
  cable = await Cable.to(server.port)
})
afterAll(async () => {
  cable.remove()
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

test("the package, built and packed as its README says, works in Node beside a site's own pusher-js", async () => {
  const readme = await Bun.file(join(ROOT, "echo/README.md")).text()
  const commands = ["npm run build -w echo", "npm pack -w echo --pack-destination"]
  for (const command of commands) expect(readme).toContain(command)
  await run(["bash", "-euc", `${commands[0]} && ${commands[1]} ${folder}`])
  const [archive = ""] = readdirSync(folder).filter((name) => name.endsWith(".tgz"))
  expect(readme).toContain(archive)
  const installed = join(folder, "node_modules/@skein/echo")
  mkdirSync(installed, { recursive: true })
  await run(["tar", "xzf", join(folder, archive), "-C", installed, "--strip-components=1"])
  symlinkSync(join(ROOT, "node_modules/pusher-js"), join(folder, "node_modules/pusher-js"))
  writeFileSync(join(folder, "page.mjs"), PAGE)

  const page = new Program(["node", "page.mjs", APP.key, String(cable.port)], { cwd: folder })
  await page.prints(/^listening$/m)
  await trigger(server, "log-a", "n", "1")
  await page.prints(/^n 1$/m)
  cable.pull()
  await trigger(server, "log-a", "n", "2")
  await page.prints(/^n 2$/m)
  page.kill("SIGTERM")
  await page.ends()
}, 60_000)

async function run(command: string[]): Promise<void> {
  const { exited, stderr } = Bun.spawn(command, { cwd: ROOT, stdout: "ignore", stderr: "pipe" })
  const said = await new Response(stderr).text()
  if ((await exited) !== 0) throw new Error(`${command.join(" ")}: ${said}`)
}
