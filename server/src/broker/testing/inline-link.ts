import type { Database } from "bun:sqlite"
import { join } from "node:path"
import type { ChildEvents } from "../../child/supervised-child.ts"
import type { LogLink } from "../embedded/durable-log.ts"
import { BlankChannels } from "../embedded/log-process/blank-channels.ts"
import { type Durability, openLog } from "../embedded/log-process/open-log.ts"
import { closeDatabase } from "../embedded/log-process/statements.ts"
import { LogStore } from "../embedded/log-process/store.ts"
import type { LogOp } from "../embedded/log-wire.ts"

/** What becomes of a frame: answered, or the "process" dies around its commit. */
export type Fate = "answered" | "dies before the commit" | "dies after the commit"

/**
 * The log process without the process: the same store, in this one. Two uses: deaths at exactly chosen moments,
 * and measuring what a process of its own is good for.
 */
export class InlineLink implements LogLink {
  readonly failures = 0
  restarts = 0
  readonly #path: string
  readonly #durability: Durability
  readonly #fate: () => Fate
  readonly #maxBlank: number | undefined
  #events: ChildEvents | undefined
  #db: Database | undefined
  #store: LogStore | undefined
  #arrived: string[] = []
  #isStopped = false
  #run = 0

  constructor(
    dataDir: string,
    durability: Durability = "commit",
    fate: () => Fate = () => "answered",
    maxBlank?: number,
  ) {
    this.#path = join(dataDir, "log.db")
    this.#durability = durability
    this.#fate = fate
    this.#maxBlank = maxBlank
  }

  start(events: ChildEvents): void {
    this.#events = events
    this.#up()
  }

  send(text: string): void {
    this.#arrived.push(text)
    if (this.#arrived.length === 1) setImmediate(() => this.#work())
  }

  progressed(): void {
    // Its runs die because they were told to.
  }

  kill(): void {
    this.#die()
  }

  stop(): Promise<void> {
    this.#isStopped = true
    this.#store?.close()
    return Promise.resolve()
  }

  #up(): void {
    const opened = openLog(this.#path, this.#durability, 0)
    if (opened.db === undefined) throw new Error(opened.refusal?.m)
    this.#db = opened.db
    this.#store = new LogStore({ ...opened, db: opened.db }, this.#path, new BlankChannels(this.#maxBlank))
    this.#run++
    const run = this.#run
    this.#events?.up(run)
    setImmediate(() => {
      if (run === this.#run && !this.#isStopped) this.#events?.frame('{"state":"open"}')
    })
  }

  #work(): void {
    const run = this.#run
    for (const text of this.#arrived.splice(0)) {
      const fate = this.#fate()
      if (fate === "dies before the commit") {
        this.#die()
        return
      }
      const [nowMs, ...ops] = JSON.parse(text) as [number, ...LogOp[]]
      const answers = JSON.stringify(this.#store?.apply(nowMs, ops))
      if (fate === "dies after the commit") {
        this.#die()
        return
      }
      this.#events?.frame(answers)
      if (run !== this.#run || this.#isStopped) return
    }
    this.#store?.checkpointIfDue()
    if (this.#store?.tend()) setImmediate(() => !this.#isStopped && run === this.#run && this.#work())
  }

  #die(): void {
    this.#arrived = []
    if (this.#db !== undefined) closeDatabase(this.#db)
    this.restarts++
    this.#events?.down({ code: null, signal: "SIGKILL" }, 0)
    this.#up()
  }
}
