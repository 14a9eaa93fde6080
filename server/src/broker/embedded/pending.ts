import type { SkeinError } from "../../core/errors.ts"

/** One thing asked of the log process, from being accepted to being answered. */
export interface PendingOp {
  /** What it holds in memory while it waits. */
  readonly bytes: number
  /** What it may make the answer weigh, in ops: a page of history counts for many. */
  readonly weight: number
  readonly deadlineMs: number
  /** The op as JSON text. */
  encode(): string
  /** The log's answer, parsed. */
  settle(answer: unknown): void
  /** It will not be done, and nothing of it remains. */
  refuse(error: SkeinError): void
}

/** A frame's worth of ops. */
export type Batch = readonly PendingOp[]

/**
 * What waits for the log process, in order, and what it has been sent and has not answered.
 *
 * Answers come in the order of the frames; when the log process dies everything unanswered goes back to the front.
 */
export class Pending {
  #queue: PendingOp[] = []
  #head = 0
  #sent: Batch[] = []
  #bytes = 0

  /** Accepted and unanswered, sent or not. */
  get count(): number {
    return this.waiting + this.#sent.reduce((sum, batch) => sum + batch.length, 0)
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Accepted and not sent. */
  get waiting(): number {
    return this.#queue.length - this.#head
  }

  get framesSent(): number {
    return this.#sent.length
  }

  accept(op: PendingOp): void {
    this.#queue.push(op)
    this.#bytes += op.bytes
  }

  /** The next ops, up to the given weight and bytes, at least one if any waits. They are not yet counted as sent. */
  take(maxWeight: number, maxBytes: number): PendingOp[] {
    const taken: PendingOp[] = []
    let weight = 0
    let bytes = 0
    for (;;) {
      const op = this.#queue[this.#head]
      if (op === undefined) break
      weight += op.weight
      bytes += op.bytes
      if (taken.length > 0 && (weight > maxWeight || bytes > maxBytes)) break
      taken.push(op)
      this.#head++
    }
    this.#compact()
    return taken
  }

  sent(batch: Batch): void {
    this.#sent.push(batch)
  }

  /** The batch the next answer frame belongs to. */
  answered(): Batch | undefined {
    const batch = this.#sent.shift()
    if (batch !== undefined) this.#release(batch)
    return batch
  }

  /** Everything sent comes back, for the caller to accept again (or not); what was never sent stays behind it. */
  takeBack(): PendingOp[] {
    const back = this.#sent.flat()
    this.#sent = []
    return back
  }

  /** Puts ops that were taken back before everything else that waits. */
  putFirst(ops: readonly PendingOp[]): void {
    this.#queue = [...ops, ...this.#queue.slice(this.#head)]
    this.#head = 0
  }

  /** Takes out of the queue what is past its deadline; the queue is in order of acceptance. */
  takeExpired(nowMs: number): PendingOp[] {
    const expired: PendingOp[] = []
    for (;;) {
      const op = this.#queue[this.#head]
      if (op === undefined || op.deadlineMs > nowMs) break
      expired.push(op)
      this.#head++
    }
    this.#release(expired)
    this.#compact()
    return expired
  }

  /** The oldest op sent and unanswered. */
  get oldestSent(): PendingOp | undefined {
    return this.#sent[0]?.[0]
  }

  takeAll(): PendingOp[] {
    const all = [...this.takeBack(), ...this.#queue.slice(this.#head)]
    this.#queue = []
    this.#head = 0
    this.#bytes = 0
    return all
  }

  #release(ops: readonly PendingOp[]): void {
    for (const op of ops) this.#bytes -= op.bytes
  }

  #compact(): void {
    if (this.#head === this.#queue.length) {
      this.#queue = []
      this.#head = 0
    } else if (this.#head > 4_096 && this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head)
      this.#head = 0
    }
  }
}
