/**
 * Tells peers that were cut for reading too slowly from those that just dropped.
 *
 * Bun closes a socket that is over its bound by itself, and reports it like any lost connection: 1006, no reason. What
 * gives it away (Bun 1.4.4, measured): the send or publish that had to drop something returns 0, and the close comes
 * before the loop has turned twice.
 */
export class Overflow {
  #isRecent = false

  /** Something was not queued because a peer is over its bound: its close follows. */
  note(): void {
    if (this.#isRecent) return
    this.#isRecent = true
    // The first runs at the end of this turn, the second after the loop has looked at the sockets again.
    setImmediate(() =>
      setImmediate(() => {
        this.#isRecent = false
      }),
    )
  }

  get isRecent(): boolean {
    return this.#isRecent
  }
}
