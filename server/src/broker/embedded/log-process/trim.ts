import type { Database, Statement } from "bun:sqlite"
import { type LogChannel, lowerBound, trimSlack } from "./log-channel.ts"
import { inTransaction, prepare } from "./statements.ts"

/** Removes rows beyond their channel's bounds, in slices small enough to fit between two batches. */
export class Trimmer {
  readonly #db: Database
  /** By id, with what the channel was when it came in. */
  readonly #due = new Map<number, LogChannel>()
  readonly #delete: Statement
  readonly #setFloor: Statement
  trimmedRows = 0

  constructor(db: Database) {
    this.#db = db
    this.#delete = prepare(
      db,
      `DELETE FROM publications WHERE rowid IN
        (SELECT rowid FROM publications WHERE channel_id = ?1 AND "offset" <= ?2 ORDER BY "offset" LIMIT ?3)`,
    )
    this.#setFloor = prepare(db, "UPDATE channels SET floor = max(floor, ?2) WHERE id = ?1")
  }

  get isDue(): boolean {
    return this.#due.size > 0
  }

  /** Cheap enough for every publication. */
  noteGrowth(channel: LogChannel): void {
    const excess = channel.top - channel.historySize - channel.floor
    if (excess > trimSlack(channel.historySize)) this.#due.set(channel.id, channel)
  }

  /** Rows up to the channel's floor are garbage. */
  noteGarbage(channel: LogChannel): void {
    this.#due.set(channel.id, channel)
  }

  /** The channel's object was replaced or is void. */
  forget(channelId: number): void {
    this.#due.delete(channelId)
  }

  /** Removes at most `maxRows` rows, in a transaction of its own. */
  slice(maxRows: number): void {
    let left = maxRows
    const finished: number[] = []
    const floors: [LogChannel, number][] = []
    inTransaction(this.#db, () => {
      for (const [id, channel] of this.#due) {
        const floor = lowerBound(channel)
        const removed = this.#delete.run(id, floor, left).changes
        this.#setFloor.run(id, floor)
        floors.push([channel, floor])
        left -= removed
        if (left <= 0) break
        finished.push(id)
      }
    })
    // Only what was committed counts.
    for (const [channel, floor] of floors) channel.floor = Math.max(channel.floor, floor)
    for (const id of finished) this.#due.delete(id)
    this.trimmedRows += maxRows - Math.max(0, left)
  }
}
