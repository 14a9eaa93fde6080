import { fileURLToPath } from "node:url"
import { SupervisedChild } from "../../child/supervised-child.ts"
import type { Clock } from "../../core/clock.ts"
import { SkeinError } from "../../core/errors.ts"
import type { Logger } from "../../core/logger.ts"
import type { ChatStore, StoreOperation, StoreOutput } from "../contract.ts"
import { type SqliteOptions, storeOf } from "./in-process.ts"
import { type Answer, type Failure, fromFailure, MAX_STORE_FRAME_BYTES, READY_ID, type Request } from "./wire.ts"

export interface SqliteChildOptions extends SqliteOptions {
  readonly clock: Clock
  readonly log: Logger
  /** Calls waiting for the child; more are refused at once. */
  readonly maxPending?: number
  /** A call that could not be answered in this time fails, whatever happened to the child. */
  readonly callTimeoutMs?: number
  /** Module of the child (tests put a child in between that dies on purpose). */
  readonly entry?: string
}

interface Pending {
  readonly request: Request
  readonly deadlineMs: number
  /** Runs of the child that had it and died: it may have been done. */
  lostRuns: number
  resolve(output: unknown): void
  reject(error: SkeinError): void
}

const STOP_DEADLINE_MS = 10_000
const MAX_LOST_RUNS = 4

export interface SqliteChildStore extends ChatStore {
  /** For metrics and tests: undefined while there is no child. */
  readonly pid: () => number | undefined
  readonly restarts: () => number
}

/**
 * The chat store in a child process. When the child dies it is started again and gets everything unanswered once more,
 * which is safe because every store operation may be repeated (store/contract.ts).
 */
export function startSqliteStore(options: SqliteChildOptions): SqliteChildStore {
  const proxy = new StoreProxy(options)
  const store = storeOf(
    (operation, input) => proxy.call(operation, input),
    () => proxy.stop(),
  )
  return { ...store, pid: () => proxy.child.pid, restarts: () => proxy.child.restarts }
}

class StoreProxy {
  readonly child: SupervisedChild
  readonly #options: SqliteChildOptions
  readonly #maxPending: number
  readonly #callTimeoutMs: number
  readonly #pending = new Map<number, Pending>()
  readonly #stopSweep: () => void
  /** When the present run said something last. */
  #heardAtMs = 0
  #nextId = READY_ID + 1
  #up = false
  #stopping = false
  /** Why the last run could not open its database. */
  #failure: Failure | undefined

  constructor(options: SqliteChildOptions) {
    const { file, durability, clock, log } = options
    this.#options = options
    this.#maxPending = options.maxPending ?? 10_000
    this.#callTimeoutMs = options.callTimeoutMs ?? 10_000
    this.child = new SupervisedChild({
      name: "chat store",
      entry: options.entry ?? fileURLToPath(new URL("./child.ts", import.meta.url)),
      args: [JSON.stringify({ file, durability } satisfies SqliteOptions)],
      maxFrameBytes: MAX_STORE_FRAME_BYTES,
      clock,
      log,
    })
    this.#stopSweep = clock.every(1_000, () => this.#failOverdue())
    this.child.start({
      up: () => undefined,
      frame: (text) => this.#answer(JSON.parse(text) as Answer),
      down: () => this.#down(),
    })
  }

  call<O extends StoreOperation>(operation: O, input: unknown): Promise<StoreOutput<O>> {
    return new Promise((resolve, reject) => {
      const refusal = this.#refusal()
      if (refusal) {
        reject(refusal)
        return
      }
      const request: Request = [this.#nextId++, operation, input]
      const deadlineMs = this.#options.clock.nowMs() + this.#callTimeoutMs
      const pending: Pending = {
        request,
        deadlineMs,
        lostRuns: 0,
        resolve: resolve as (output: unknown) => void,
        reject,
      }
      this.#pending.set(request[0], pending)
      if (this.#up) this.child.send(JSON.stringify(request))
    })
  }

  async stop(): Promise<void> {
    this.#stopping = true
    this.#stopSweep()
    await this.child.stop(STOP_DEADLINE_MS)
    this.#failAll(new SkeinError("shutting_down"))
  }

  #refusal(): SkeinError | undefined {
    if (this.#stopping) return new SkeinError("shutting_down")
    // The database would not open the last time: waiting for the next attempt would only pile up callers.
    if (!this.#up && this.#failure) return fromFailure(this.#failure)
    if (this.#pending.size < this.#maxPending) return undefined
    return new SkeinError(
      "storage_unavailable",
      `${this.#maxPending} calls are already waiting for the chat database`,
      {
        retryAfterMs: 1_000,
      },
    )
  }

  #answer(answer: Answer): void {
    const [id, ok] = answer
    this.#heardAtMs = this.#options.clock.nowMs()
    if (id === READY_ID) {
      if (ok) this.#opened()
      else this.#couldNotOpen(answer[2] as Failure)
      return
    }
    this.child.progressed()
    const pending = this.#pending.get(id)
    if (!pending) return
    this.#pending.delete(id)
    if (ok) pending.resolve(pending.lostRuns > 0 ? asFirstAttempt(answer[2]) : answer[2])
    else pending.reject(this.#logged(fromFailure(answer[2] as Failure), pending))
  }

  #opened(): void {
    this.#up = true
    this.#failure = undefined
    for (const { request } of this.#pending.values()) this.child.send(JSON.stringify(request))
  }

  #couldNotOpen(failure: Failure): void {
    this.#failure = failure
    this.#options.log.error({ code: failure.code, cause: failure.cause }, `chat store: ${failure.message}`)
    this.#failAll(fromFailure(failure))
  }

  #down(): void {
    if (this.#up) for (const [id, pending] of this.#pending) this.#lost(id, pending)
    this.#up = false
  }

  /** A call that is there whenever the child dies may be what kills it. */
  #lost(id: number, pending: Pending): void {
    pending.lostRuns++
    if (pending.lostRuns < MAX_LOST_RUNS) return
    this.#pending.delete(id)
    pending.reject(
      new SkeinError("storage_unavailable", `the chat database died ${MAX_LOST_RUNS} times over this call`),
    )
  }

  #failOverdue(): void {
    const nowMs = this.#options.clock.nowMs()
    for (const [id, { deadlineMs, reject }] of this.#pending) {
      if (deadlineMs > nowMs) break
      if (this.#up && nowMs - this.#heardAtMs >= this.#callTimeoutMs) this.#endHanging()
      this.#pending.delete(id)
      reject(
        new SkeinError("storage_unavailable", "the chat database did not answer in time; it may answer again soon"),
      )
    }
  }

  /** It says nothing at all: it would be so for ever, and what it is sent would pile up in its pipe. */
  #endHanging(): void {
    this.#down()
    this.child.kill(new Error(`no answer within ${this.#callTimeoutMs} ms`))
  }

  #failAll(error: SkeinError): void {
    for (const { reject } of this.#pending.values()) reject(error)
    this.#pending.clear()
  }

  #logged(error: SkeinError, { request: [, operation] }: Pending): SkeinError {
    if (error.code === "internal" || error.code.startsWith("storage_"))
      this.#options.log.error(
        { operation, code: error.code, cause: String(error.cause) },
        `chat store: ${error.message}`,
      )
    return error
  }
}

/**
 * An answer to a call that we repeated: what it found done already may be its own work, whose subscribers have heard
 * nothing of it. Saying so twice is harmless, not saying it would lose it.
 */
function asFirstAttempt(output: unknown): unknown {
  if (typeof output !== "object" || output === null) return output
  const answer = { ...output } as Record<string, unknown>
  if (answer.duplicate === true) answer.duplicate = false
  for (const flag of ["changed", "created", "joined", "left", "moved", "merged"])
    if (answer[flag] === false) answer[flag] = true
  return answer
}
