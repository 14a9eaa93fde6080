import type { Clock } from "../core/clock.ts"
import type { Log } from "../telemetry/log.ts"
import { EXIT } from "./exit.ts"

export interface Stoppable {
  /** Drains and stops. */
  stop(): Promise<void>
}

export interface LifecycleParts {
  readonly log: Pick<Log, "info" | "warn" | "error" | "fatal">
  /** How long a drain may take before the process ends without its consent. */
  readonly stopDeadlineMs: number
  readonly exit: (code: number) => void
  readonly clock: Clock
}

/** One Ctrl-C arrives several times: the terminal sends it to all, npm and the launcher pass it on. */
const SAME_SIGNAL_MS = 500

/** With the launcher gone nothing waits for a drain, and the next server needs the port and the data folder. */
const ORPHAN_DEADLINE_MS = 1_000

/**
 * When and how the process ends: signals, a vanished launcher, and errors nobody caught all drain first,
 * and a second signal ends it at once.
 */
export class Lifecycle {
  readonly #parts: LifecycleParts
  #app: Stoppable | undefined
  #stoppedAtMs: number | undefined
  #exitCode: number = EXIT.ok

  constructor(parts: LifecycleParts) {
    this.#parts = parts
  }

  /** From now on there is something to drain. */
  serves(app: Stoppable): void {
    this.#app = app
    if (this.#stoppedAtMs !== undefined) void this.#drain(app)
  }

  signal(name: string): void {
    const { clock, log, exit } = this.#parts
    if (this.#stoppedAtMs === undefined) {
      log.info({ signal: name }, `${name}: draining; once more ends at once`)
      this.#stop(EXIT.ok, this.#parts.stopDeadlineMs)
    } else if (clock.nowMs() - this.#stoppedAtMs >= SAME_SIGNAL_MS) {
      log.warn({ signal: name }, `${name} again: ending without draining`)
      exit(EXIT.failure)
    }
  }

  orphaned(): void {
    this.#parts.log.warn("the launcher is gone: ending")
    this.#stop(EXIT.ok, ORPHAN_DEADLINE_MS)
  }

  /** An error that no code caught: the state is unknown, so the process ends, but gently. */
  crashed(error: unknown, kind: "uncaughtException" | "unhandledRejection"): void {
    this.#parts.log.fatal({ err: error, kind }, "an error nobody caught: draining and ending")
    this.#exitCode = EXIT.failure
    this.#stop(EXIT.failure, this.#parts.stopDeadlineMs)
  }

  #stop(exitCode: number, deadlineMs: number): void {
    if (this.#stoppedAtMs !== undefined) return
    this.#stoppedAtMs = this.#parts.clock.nowMs()
    this.#exitCode = exitCode
    this.#parts.clock.after(deadlineMs, () => {
      this.#parts.log.error({ deadlineMs }, "draining took too long: ending")
      this.#parts.exit(EXIT.failure)
    })
    if (this.#app) void this.#drain(this.#app)
    else this.#parts.exit(exitCode)
  }

  async #drain(app: Stoppable): Promise<void> {
    try {
      await app.stop()
    } catch (error) {
      this.#parts.log.error({ err: error }, "stopping failed")
      this.#exitCode = EXIT.failure
    }
    this.#parts.exit(this.#exitCode)
  }
}
