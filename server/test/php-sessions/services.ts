import { rmSync } from "node:fs"
import { answers, freePort } from "../support/ports.ts"
import { openFolder, SystemProgram } from "../support/program.ts"

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
  const child = new SystemProgram(program, argumentsFor(port, folder))
  const stop = async () => {
    await child.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await child.ready(() => answers(port), `listens on ${port}`)
  } catch (error) {
    await stop()
    throw error
  }
  return { port, folder, stop }
}

/** Readable by the users that services run as when the tests run as root. */
export const temporaryFolder = (): string => openFolder("skein-php-").path
