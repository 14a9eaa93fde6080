import type { Database } from "bun:sqlite"
import { isStorageFailure, toStoreError } from "./errors.ts"

export interface Job {
  readonly write: boolean
  run(): Promise<unknown>
  resolve(answer: unknown): void
  reject(error: unknown): void
}

/** Jobs of one commit: bounds how long the first of them waits for the last. */
const MAX_BATCH = 256

/**
 * Runs jobs one after another on one database; those that arrive together share one commit.
 *
 * Within a commit each job has its own savepoint: one that is refused undoes only itself. Nobody is answered before
 * the commit. Jobs are answered in the order of their transactions.
 */
export class GroupCommit {
  readonly #database: Database
  readonly #waiting: Job[] = []
  #running: Promise<void> | undefined

  constructor(database: Database) {
    this.#database = database
  }

  add(job: Job): void {
    this.#waiting.push(job)
    // After this turn: what else arrives in it comes along.
    this.#running ??= new Promise<void>((resolve) => setImmediate(resolve)).then(() => this.#work())
  }

  /** Resolves when nothing is left to do. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running
  }

  async #work(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, MAX_BATCH)
      const writes = batch.filter(({ write }) => write)
      if (writes.length > 0) await this.#commit(writes)
      for (const job of batch) if (!job.write) await this.#read(job)
      // Lets requests in that arrived while we worked; they make the next batch.
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
    this.#running = undefined
  }

  async #read(job: Job): Promise<void> {
    try {
      job.resolve(await job.run())
    } catch (error) {
      job.reject(toStoreError(error))
    }
  }

  async #commit(jobs: readonly Job[]): Promise<void> {
    const answers: (() => void)[] = []
    try {
      this.#database.run("begin immediate")
      for (const job of jobs) answers.push(await this.#runInSavepoint(job))
      this.#database.run("commit")
    } catch (error) {
      const failure = toStoreError(error)
      this.#rollback()
      for (const job of jobs) job.reject(failure)
      return
    }
    for (const answer of answers) answer()
  }

  /** @throws when the database itself fails: then the whole commit is lost */
  async #runInSavepoint(job: Job): Promise<() => void> {
    this.#database.run("savepoint job")
    try {
      const answer = await job.run()
      this.#database.run("release job")
      return () => job.resolve(answer)
    } catch (error) {
      const refusal = toStoreError(error)
      // A full or broken disk may have ended the transaction by itself: nothing of it counts then.
      if (isStorageFailure(refusal)) throw refusal
      this.#database.run("rollback to job")
      this.#database.run("release job")
      return () => job.reject(refusal)
    }
  }

  #rollback(): void {
    if (this.#database.inTransaction) this.#database.run("rollback")
  }
}
