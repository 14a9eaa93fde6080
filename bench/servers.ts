import { spawn } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"

/** A server under measurement: fresh for every run, gone after it. */
export interface Measured {
  readonly port: number
  /** The process whose descendants count too. */
  readonly pid: number
  stop(): Promise<void>
}

export const API_KEY = "bench-api-key-0123456789"

const MAIN = join(import.meta.dirname, "../server/src/cli/main.ts")

/** Skein as a user starts it, on a data folder of its own. */
export async function startSkein(
  settings: Readonly<Record<string, string>> = {},
  args: readonly string[] = [],
): Promise<Measured> {
  const data = await mkdtemp(join(tmpdir(), "skein-bench-"))
  const env = { SKEIN_API_KEY: API_KEY, SKEIN_MODE: "development", SKEIN_LOG_LEVEL: "error", ...settings }
  const server = await start(
    process.execPath,
    [MAIN, "serve", "--port", "0", "--data", data, ...args],
    env,
    /ready on \S+:(\d+)/,
  )
  return {
    ...server,
    async stop() {
      await server.stop()
      await rm(data, { recursive: true, force: true })
    },
  }
}

/** `Bun.serve` with one native publish per frame and nothing else: what Skein's machinery is measured against. */
export const startBare = (): Promise<Measured> =>
  start(process.execPath, [join(import.meta.dirname, "bare-server.ts")], {}, /ready on (\d+)/)

/** The kernel's own limit: `floor` lies beside `wsload`. */
export async function startFloor(wsload: string): Promise<Measured> {
  const port = 20_000 + Math.floor(Math.random() * 20_000)
  const args = ["--port", String(port), "--batch"]
  const child = spawn(join(dirname(wsload), "floor"), args, { stdio: "ignore" })
  await answering(port)
  return { port, pid: child.pid as number, stop: () => ended(child) }
}

async function start(command: string, args: string[], env: Record<string, string>, ready: RegExp): Promise<Measured> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, ...env } })
  const port = await new Promise<number>((resolve, reject) => {
    let text = ""
    child.stdout.on("data", (chunk) => {
      text += chunk
      const found = ready.exec(text)?.[1]
      if (found) resolve(Number(found))
    })
    child.on("exit", (code) => reject(new Error(`${command} ${args.join(" ")} ended with ${code}`)))
  })
  return { port, pid: child.pid as number, stop: () => ended(child) }
}

function ended(child: ReturnType<typeof spawn>): Promise<void> {
  return new Promise((resolve) => {
    child.on("exit", () => resolve())
    child.kill("SIGKILL")
  })
}

async function answering(port: number): Promise<void> {
  const deadline = performance.now() + 5_000
  while (performance.now() < deadline) {
    const isOpen = await fetch(`http://127.0.0.1:${port}/`)
      .then(() => true)
      .catch((error) => error.code !== "ConnectionRefused")
    if (isOpen) return
  }
  throw new Error(`nothing listens on ${port}`)
}
