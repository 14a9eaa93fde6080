import { closeSync, fdatasync, openSync } from "node:fs"

const FLUSH_EVERY_BYTES = 1024 * 1024

/**
 * Has the system write the WAL to the disk while it grows, on another thread, so that little is left to wait for at the
 * checkpoint, which has to see all of it on the disk first. With durability `commit` it also bounds what a loss of power
 * can cost. It only saves time at the checkpoint: no promise rests on it.
 */
export class WalFlush {
  readonly #fd: number | undefined
  #flushedBytes = 0
  #isRunning = false

  constructor(walPath: string) {
    try {
      // SQLite holds its locks on the database file: closing a descriptor of the WAL cannot release them.
      this.#fd = openSync(walPath, "r")
    } catch {
      // No WAL, as in a log opened for reading: nothing to flush.
      this.#fd = undefined
    }
  }

  grewTo(walBytes: number): void {
    if (walBytes < this.#flushedBytes) this.#flushedBytes = 0
    if (this.#fd === undefined || this.#isRunning || walBytes - this.#flushedBytes < FLUSH_EVERY_BYTES) return
    this.#isRunning = true
    this.#flushedBytes = walBytes
    fdatasync(this.#fd, () => {
      // An error here will meet the checkpoint too, which reports it.
      this.#isRunning = false
    })
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd)
  }
}
