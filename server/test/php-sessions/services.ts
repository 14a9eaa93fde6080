import { type ChildProcess, spawn } from "node:child_process"
import { chmodSync, mkdtempSync, rmSync } from "node:fs"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { until } from "../support/until.ts"
import { freePort } from "./ports.ts"

/** A program the tests need, on a port of its own, with all it writes in a folder that goes with it. */
export interface Service {
  readonly port: number
  readonly folder: string
  stop(): Promise<void>
}

const isRoot = process.getuid?.() === 0

export async function startRedis(...more: readonly string[]): Promise<Service> {
  return start("redis-server", (port, folder) => [
    ...["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder],
    ...more,
  ])
}

export async function startMemcached(): Promise<Service> {
  const user = isRoot ? ["-u", "memcache"] : []
  return start("memcached", (port) => [...user, "-l", "127.0.0.1", "-p", String(port), "-U", "0", "-m", "64"])
}

/** A service's program as a child of the test, ready when its port answers. @throws Error when it is not installed */
export async function start(
  program: string,
  argumentsFor: (port: number, folder: string) => readonly string[],
  folder = temporaryFolder(),
): Promise<Service> {
  const port = await freePort()
  const child = spawn(program, argumentsFor(port, folder), { stdio: ["ignore", "pipe", "pipe"] })
  const said: string[] = []
  child.stdout.on("data", (bytes) => said.push(String(bytes)))
  child.stderr.on("data", (bytes) => said.push(String(bytes)))
  let failed: Error | undefined
  child.once("error", (error) => {
    failed = new Error(`${program} cannot be started (bin/setup installs it): ${error.message}`)
  })
  const stop = async () => {
    await end(child)
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await until(
      () => {
        if (failed) throw failed
        if (child.exitCode !== null) throw new Error(`${program} ended at once: ${said.join("").slice(-2_000)}`)
        return answers(port)
      },
      `${program} listens on ${port}`,
      30_000,
    )
  } catch (error) {
    await stop()
    throw error
  }
  return { port, folder, stop }
}

/** Readable by the users that services run as when the tests run as root. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "skein-php-"))
  chmodSync(folder, 0o755)
  return folder
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once("exit", resolve))
  child.kill("SIGTERM")
  await ended
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1")
    socket.once("connect", () => {
      socket.destroy()
      resolve(true)
    })
    socket.once("error", () => resolve(false))
  })
}
