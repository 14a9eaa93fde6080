import { dirname } from "node:path"
import { encodeFrame, FrameReader } from "./frames.ts"
import { PipeEnd } from "./pipe-end.ts"

/** What to run, and who hears of it. */
export interface ChildOptions {
  /** Absolute path of the module the child runs, with this process's own Bun. */
  readonly entry: string
  readonly args: readonly string[]
  readonly maxFrameBytes: number
  /** One whole frame from the child's stdout. An exception kills the child. */
  readonly onFrame: (text: string) => void
  /** Called once, after the last frame. */
  readonly onExit: (how: ChildExit) => void
}

/** How a run ended. */
export interface ChildExit {
  readonly code: number | null
  readonly signal: string | null
  /** Why we killed it ourselves, if we did. */
  readonly reason?: Error
}

/**
 * One run of a child process: frames in by its stdin, frames out by its stdout, its stderr is ours.
 *
 * The child inherits no environment but what a process needs to run: it has no business with our secrets.
 */
export class ChildProcess {
  readonly pid: number
  readonly #process: Bun.Subprocess<"pipe", "pipe", "inherit">
  readonly #stdin: PipeEnd
  #gone = false
  #reason: Error | undefined

  constructor(options: ChildOptions) {
    this.#process = Bun.spawn([process.execPath, options.entry, ...options.args], {
      // Bun reads .env and bunfig.toml from its working directory: not from wherever the server was started.
      cwd: dirname(options.entry),
      env: inheritedEnv(),
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
    })
    this.pid = this.#process.pid
    this.#stdin = new PipeEnd(this.#process.stdin)
    void this.#run(options)
  }

  /** Sends a frame. One sent to a dead child is lost without error. */
  send(text: string): void {
    if (this.#gone) return
    this.#stdin.write(encodeFrame(text))
  }

  /** End of input: the child finishes what it has and exits by itself. */
  end(): void {
    if (this.#gone) return
    this.#stdin.end()
  }

  kill(reason: Error): void {
    this.#reason ??= reason
    this.#process.kill("SIGKILL")
  }

  async #run(options: ChildOptions): Promise<void> {
    const frames = new FrameReader(options.maxFrameBytes)
    try {
      for await (const chunk of this.#process.stdout) frames.push(chunk, options.onFrame)
    } catch (error) {
      this.kill(error instanceof Error ? error : new Error(String(error)))
    }
    await this.#process.exited
    this.#gone = true
    options.onExit({
      code: this.#process.exitCode,
      signal: this.#process.signalCode === null ? null : String(this.#process.signalCode),
      ...(this.#reason === undefined ? {} : { reason: this.#reason }),
    })
  }
}

function inheritedEnv(): Record<string, string> {
  const env: Record<string, string> = {}
  for (const name of ["PATH", "HOME", "TMPDIR", "TZ", "LANG", "BUN_BE_BUN"]) {
    const value = process.env[name]
    if (value !== undefined) env[name] = value
  }
  return env
}
