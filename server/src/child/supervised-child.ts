import type { Clock } from "../core/clock.ts"
import type { Logger } from "../core/logger.ts"
import { type ChildExit, ChildProcess } from "./child-process.ts"

/** What to keep running. */
export interface SupervisedChildOptions {
  /** For logs: what dies and comes back. */
  readonly name: string
  readonly entry: string
  readonly args: readonly string[]
  readonly maxFrameBytes: number
  readonly clock: Clock
  readonly log: Logger
}

/** What the owner of a supervised child is told. */
export interface ChildEvents {
  /** A new run of the child is there to be written to; `run` counts from 1. */
  up(run: number): void
  frame(text: string): void
  /** This run is over: frames it had not answered are void. `retryInMs` absent: it was asked to end. */
  down(how: ChildExit, retryInMs?: number): void
}

const FIRST_RETRY_MS = 50
const MAX_RETRY_MS = 5_000

/**
 * A child process that is started again whenever it ends, ever more slowly while its runs achieve nothing.
 *
 * A run that made progress (`progressed`) is followed by the next one at once, however often it is killed.
 */
export class SupervisedChild {
  readonly #options: SupervisedChildOptions
  #events: ChildEvents | undefined
  #child: ChildProcess | undefined
  #run = 0
  #failures = 0
  #cancelRetry: (() => void) | undefined
  #ending: { resolve: () => void; promise: Promise<void> } | undefined

  constructor(options: SupervisedChildOptions) {
    this.#options = options
  }

  /** Runs that ended without having achieved anything, in a row. */
  get failures(): number {
    return this.#failures
  }

  get restarts(): number {
    return Math.max(0, this.#run - 1)
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  start(events: ChildEvents): void {
    this.#events = events
    this.#spawn()
  }

  send(text: string): void {
    this.#child?.send(text)
  }

  /** Tells that the present run did its work: the next death is followed by an immediate restart. */
  progressed(): void {
    this.#failures = 0
  }

  /** The next run follows by itself. */
  kill(reason: Error): void {
    this.#child?.kill(reason)
  }

  /** Lets the child finish; resolves when it is gone, killed after `deadlineMs` if need be. */
  stop(deadlineMs: number): Promise<void> {
    if (this.#ending !== undefined) return this.#ending.promise
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#ending = { promise, resolve }
    this.#cancelRetry?.()
    const child = this.#child
    if (child === undefined) {
      resolve()
      return promise
    }
    child.end()
    const cancel = this.#options.clock.after(deadlineMs, () =>
      child.kill(new Error(`${this.#options.name} did not end within ${deadlineMs} ms`)),
    )
    return promise.finally(cancel)
  }

  #spawn(): void {
    this.#cancelRetry = undefined
    const { entry, args, maxFrameBytes } = this.#options
    try {
      this.#child = new ChildProcess({
        entry,
        args,
        maxFrameBytes,
        onFrame: (text) => this.#events?.frame(text),
        onExit: (how) => this.#exited(how),
      })
    } catch (error) {
      // No more processes or memory allowed: the same as a child that dies at once.
      this.#exited({ code: null, signal: null, reason: error instanceof Error ? error : new Error(String(error)) })
      return
    }
    this.#run++
    this.#events?.up(this.#run)
  }

  #exited(how: ChildExit): void {
    this.#child = undefined
    if (this.#ending !== undefined) {
      this.#events?.down(how)
      this.#ending.resolve()
      return
    }
    const retryInMs = this.#failures === 0 ? 0 : Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** (this.#failures - 1))
    this.#failures++
    const { name, log, clock } = this.#options
    log.warn(
      { code: how.code, signal: how.signal, cause: how.reason?.message, failures: this.#failures, retryInMs },
      `${name} ended; starting it again`,
    )
    this.#events?.down(how, retryInMs)
    if (retryInMs === 0) this.#spawn()
    else this.#cancelRetry = clock.after(retryInMs, () => this.#spawn())
  }
}
