import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const MAIN = join(import.meta.dirname, "../../src/cli/main.ts")
const START_DEADLINE_MS = 50_000

export const API_KEY = "test-api-key-0123456789"
export const TOKEN_SECRET = "test-token-secret-0123456789"

export interface ServerOptions {
  /** `SKEIN_…` settings; API key and token secret are set to the constants above. */
  readonly env?: Readonly<Record<string, string>>
  readonly args?: readonly string[]
  /** Absent: a temporary folder, removed by `stop`. */
  readonly data?: string
  /** Absent: a free one. */
  readonly port?: number
}

/** The real program in a process of its own, as its command line starts it. */
export class TestServer {
  readonly data: string
  /** Everything it has written to stderr, over all its lives. */
  log = ""
  port: number
  readonly #options: ServerOptions
  #child: ChildProcess | undefined

  private constructor(options: ServerOptions) {
    this.#options = options
    this.port = options.port ?? 0
    this.data = options.data ?? mkdtempSync(join(tmpdir(), "skein-test-"))
  }

  /** Starts and waits for the ready line. */
  static async start(options: ServerOptions = {}): Promise<TestServer> {
    const server = new TestServer(options)
    await server.begin()
    return server
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get wsUrl(): string {
    return `ws://127.0.0.1:${this.port}`
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  /** Starts again on the same data folder and the same port. */
  async begin(): Promise<void> {
    const { env = {}, args = [] } = this.#options
    const child = spawn(process.execPath, [MAIN, "serve", "--port", String(this.port), "--data", this.data, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        SKEIN_MODE: "development",
        SKEIN_API_KEY: API_KEY,
        SKEIN_AUTH_TOKEN_HMAC_SECRETS: TOKEN_SECRET,
        ...env,
      },
    })
    this.#child = child
    child.stderr?.on("data", (chunk) => {
      this.log += chunk
    })
    try {
      this.port = await readyPort(child, () => this.log)
    } catch (error) {
      // Nobody has it yet who could stop it.
      child.kill("SIGKILL")
      throw error
    }
  }

  /** `kill -9`, as a crash or the kernel does it; resolves when the process is gone. */
  kill(): Promise<void> {
    return this.#end("SIGKILL")
  }

  /** Drains; resolves with the exit code. */
  async terminate(): Promise<number | null> {
    await this.#end("SIGTERM")
    return this.#child?.exitCode ?? null
  }

  /** Ends it and removes its data. */
  async stop(): Promise<void> {
    await this.kill()
    if (this.#options.data === undefined) rmSync(this.data, { recursive: true, force: true, maxRetries: 5 })
  }

  /** A call of the server API. */
  async api(
    method: string,
    body: object,
  ): Promise<{ result?: Record<string, unknown>; error?: { code: number; message: string } }> {
    const response = await fetch(`${this.url}/api/${method}`, {
      method: "POST",
      headers: { "X-API-Key": API_KEY, "Content-Type": "application/json" },
      body: JSON.stringify(body),
    })
    return response.json() as never
  }

  #end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
    return new Promise((resolve) => {
      child.on("exit", () => resolve())
      child.kill(signal)
    })
  }
}

function readyPort(child: ChildProcess, log: () => string): Promise<number> {
  return new Promise((resolve, reject) => {
    const deadline = setTimeout(() => {
      // Nobody else would ever end it.
      child.kill("SIGKILL")
      reject(new Error(`not ready in time:\n${log()}`))
    }, START_DEADLINE_MS)
    let text = ""
    child.stdout?.on("data", (chunk) => {
      text += chunk
      const port = /Skein ready on \S+:(\d+)/.exec(text)?.[1]
      if (!port) return
      clearTimeout(deadline)
      resolve(Number(port))
    })
    // Not "exit": its last words may still be on the way.
    child.on("close", (code) => {
      clearTimeout(deadline)
      reject(new Error(`the server ended with ${code} before it was ready:\n${log()}`))
    })
  })
}
