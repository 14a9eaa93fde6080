import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { chmodSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { until } from "./until.ts"

/** Services lie where only root looks by itself. */
const SYSTEM_ENV = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` }

/** Runs a program of the system to its end. @throws Error that says how to get it when it is missing */
export function runSystem(name: string, args: readonly string[]): { status: number | null; said: string } {
  const run = spawnSync(name, [...args], { encoding: "utf8", env: SYSTEM_ENV })
  if (run.error) throw new Error(`${name} cannot be started (bin/setup installs it): ${run.error.message}`)
  return { status: run.status, said: `${run.stdout}${run.stderr}` }
}

const LAST_WORDS_MS = 2_000

/** A program of the system as a child of the test. @throws Error that says how to get it when it is missing */
export class SystemProgram {
  /** Everything it wrote on both outputs. */
  said = ""
  readonly #child: ChildProcess
  /** Resolves when it has ended and everything it said is here. */
  readonly #silence: Promise<unknown>
  #failed: Error | undefined

  constructor(
    private readonly name: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ) {
    this.#child = spawn(name, [...args], { stdio: ["ignore", "pipe", "pipe"], env: { ...SYSTEM_ENV, ...env } })
    const hear = (bytes: unknown) => {
      this.said += String(bytes)
    }
    this.#child.stdout?.on("data", hear)
    this.#child.stderr?.on("data", hear)
    this.#silence = new Promise((resolve) => this.#child.once("close", resolve))
    this.#child.once("error", (error) => {
      this.#failed = new Error(`${name} cannot be started (bin/setup installs it): ${error.message}`)
    })
  }

  /** Waits until `look` answers true; fails at once when the program has ended. */
  async ready(look: () => boolean | Promise<boolean>, what: string): Promise<void> {
    const check = async () => {
      if (this.#failed) throw this.#failed
      if (this.hasEnded) {
        // Its last words may still be on the way; whatever it has started may never close its outputs.
        await Promise.race([this.#silence, new Promise((resolve) => setTimeout(resolve, LAST_WORDS_MS))])
        throw new Error(`${this.name} ended at once`)
      }
      return look()
    }
    await until(check, `${this.name}: ${what}`, 30_000).catch((error) => {
      throw new Error(`${error instanceof Error ? error.message : error}\n${this.said.slice(-4_000)}`)
    })
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  /** Null while it runs, and when a signal ended it. */
  get exitCode(): number | null {
    return this.#child.exitCode
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    if (this.#child.pid === undefined || this.hasEnded) return
    const ended = this.ended()
    this.#child.kill(signal)
    await ended
  }

  async ended(): Promise<void> {
    if (!this.hasEnded) await new Promise((resolve) => this.#child.once("exit", resolve))
  }
}

/** A folder that users without rights may enter: services as root give their work to users like `nobody`. */
export function openFolder(prefix: string): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), prefix))
  chmodSync(path, 0o755)
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }) }
}
