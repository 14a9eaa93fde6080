/** Something to do in its turn: a text frame of the client, or work the server gave itself. */
export type Job = string | (() => Promise<void>)

export interface Runner {
  /** MUST NOT reject. */
  carryOut(job: Job): Promise<void>
}

/**
 * Carries out one connection's frames one after the other, from the moment it is started.
 */
export class Inbox {
  readonly #runner: Runner
  readonly #maxBytes: number
  /** Undefined: nothing, as in most connections nearly always. */
  #waiting: Job[] | undefined
  #bytes = 0
  #state: "paused" | "idle" | "busy" = "paused"

  constructor(maxBytes: number, runner: Runner) {
    this.#maxBytes = maxBytes
    this.#runner = runner
  }

  get isStarted(): boolean {
    return this.#state !== "paused"
  }

  get isEmpty(): boolean {
    return this.#waiting === undefined
  }

  /** False: too much is waiting already, and this was not taken. */
  add(job: Job): boolean {
    if (this.#state === "idle") {
      void this.#begin(job)
      return true
    }
    const bytes = this.#bytes + sizeOf(job)
    if (bytes > this.#maxBytes) return false
    this.#bytes = bytes
    this.#waiting ??= []
    this.#waiting.push(job)
    return true
  }

  start(): void {
    if (this.#state !== "paused") return
    this.#state = "idle"
    const first = this.#next()
    if (first !== undefined) void this.#begin(first)
  }

  /** Forgets what waits. */
  clear(): void {
    this.#waiting = undefined
    this.#bytes = 0
  }

  async #begin(first: Job): Promise<void> {
    this.#state = "busy"
    for (let job: Job | undefined = first; job !== undefined; job = this.#next()) await this.#runner.carryOut(job)
    this.#state = "idle"
  }

  #next(): Job | undefined {
    const job = this.#waiting?.shift()
    if (job === undefined) this.#waiting = undefined
    else this.#bytes -= sizeOf(job)
    return job
  }
}

/** What a waiting job costs beside its text: an array slot and a string header, so that empty frames count too. */
const JOB_BYTES = 64

function sizeOf(job: Job): number {
  return JOB_BYTES + (typeof job === "string" ? Buffer.byteLength(job) : 0)
}
