import { afterEach } from "bun:test"
import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** Below the time a test has, so that it ends with what was printed; a loaded machine starts a server in ten seconds. */
const DEADLINE_MS = 25_000

const cleanUp: (() => void)[] = []
afterEach(() => {
  for (const run of cleanUp.splice(0).reverse()) run()
})

export function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), "skein-cli-"))
  cleanUp.push(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** A program under test: killed when the test ends, everything it prints kept. */
export class Program {
  readonly #child: ChildProcess
  readonly #isGroup: boolean
  #stdout = ""
  #stderr = ""
  #end: { code: number | null; signal: NodeJS.Signals | null } | undefined
  #waiting: (() => void)[] = []

  /** @param options.isGroup - signals go to whatever it has started as well: a shell passes none on */
  constructor(
    command: readonly string[],
    options: { env?: Record<string, string>; cwd?: string; isGroup?: boolean } = {},
  ) {
    const [file = "", ...args] = command
    const env = { ...withoutSettings(process.env), ...options.env }
    const cwd = options.cwd ?? temporaryFolder()
    this.#isGroup = options.isGroup ?? false
    this.#child = spawn(file, args, { env, cwd, stdio: ["ignore", "pipe", "pipe"], detached: this.#isGroup })
    this.#child.stdout?.on("data", (chunk) => this.#hear(() => (this.#stdout += chunk)))
    this.#child.stderr?.on("data", (chunk) => this.#hear(() => (this.#stderr += chunk)))
    this.#child.on("close", (code, signal) => this.#hear(() => (this.#end = { code, signal })))
    cleanUp.push(() => this.kill("SIGKILL"))
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get stderr(): string {
    return this.#stderr
  }

  get stdout(): string {
    return this.#stdout
  }

  kill(signal: NodeJS.Signals): void {
    if (!this.#isGroup || this.#child.pid === undefined) {
      this.#child.kill(signal)
      return
    }
    try {
      if (this.#end === undefined) process.kill(-this.#child.pid, signal)
    } catch (error) {
      // The last of them ended a moment ago.
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error
    }
  }

  /** Waits until it has printed what matches, on stdout or stderr. */
  async prints(pattern: RegExp): Promise<RegExpExecArray> {
    const find = () => pattern.exec(this.#stdout) ?? pattern.exec(this.#stderr)
    await this.#until(() => find() !== null || this.#end !== undefined, `print ${pattern}`)
    const match = find()
    if (!match) throw new Error(`it ended without printing ${pattern}\n${this.#stdout}\n${this.#stderr}`)
    return match
  }

  /** Waits for its end (and that of everything that holds its output open). */
  async ends(): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    await this.#until(() => this.#end !== undefined, "end")
    return this.#end ?? { code: null, signal: null }
  }

  #hear(note: () => void): void {
    note()
    for (const wake of this.#waiting.splice(0)) wake()
  }

  async #until(condition: () => boolean, what: string): Promise<void> {
    const timeout = AbortSignal.timeout(DEADLINE_MS)
    while (!condition()) {
      if (timeout.aborted) throw new Error(`it did not ${what} in ${DEADLINE_MS} ms\n${this.#stdout}\n${this.#stderr}`)
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve)
        timeout.addEventListener("abort", () => resolve(), { once: true })
      })
    }
  }
}

/** Settings of whoever runs the tests must not reach the programs under test. */
function withoutSettings(env: NodeJS.ProcessEnv): Record<string, string> {
  const kept = Object.entries(env).filter(([name, value]) => !name.startsWith("SKEIN_") && value !== undefined)
  return Object.fromEntries(kept) as Record<string, string>
}
