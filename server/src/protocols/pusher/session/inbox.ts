/** Characters of waiting messages of one connection; beyond, it is closed. */
const MAX_WAITING = 1_048_576

/** Works on a connection's messages one after the other: an unsubscribe never overtakes its subscribe. */
export class Inbox {
  readonly #work: (text: string) => Promise<void> | undefined
  readonly #waiting: string[] = []
  #waitingLength = 0
  #isBusy = false

  /** @param work - MUST NOT throw or reject; undefined: done already */
  constructor(work: (text: string) => Promise<void> | undefined) {
    this.#work = work
  }

  /** @returns false when too much is waiting */
  take(text: string): boolean {
    if (this.#isBusy) {
      this.#waiting.push(text)
      this.#waitingLength += text.length
      return this.#waitingLength <= MAX_WAITING
    }
    const working = this.#work(text)
    if (working) {
      this.#isBusy = true
      void working.then(() => this.#next())
    }
    return true
  }

  clear(): void {
    this.#waiting.length = 0
    this.#waitingLength = 0
  }

  #next(): void {
    for (;;) {
      const text = this.#waiting.shift()
      if (text === undefined) {
        this.#isBusy = false
        return
      }
      this.#waitingLength -= text.length
      const working = this.#work(text)
      if (!working) continue
      void working.then(() => this.#next())
      return
    }
  }
}
