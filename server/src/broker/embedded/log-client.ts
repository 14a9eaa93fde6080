import { SkeinError } from "../../core/errors.ts"
import type { DurableChannel } from "./durable-channel.ts"
import type { DurableLogOptions } from "./durable-log.ts"
import type { Hello } from "./log-wire.ts"
import { AppendOp, channelOf, OpenChannelOp, refusedError } from "./ops.ts"
import { Pending, type PendingOp } from "./pending.ts"

/**
 * Frames on their way: one is being worked on, one waits in the pipe so that the log process is never idle, and
 * everything else gathers here, where it forms larger frames.
 */
const MAX_FRAMES_SENT = 2
/** What one answer makes the node deliver in one go. */
const MAX_FRAME_WEIGHT = 512
const MAX_FRAME_BYTES = 1024 * 1024

/** Runs in a row that achieve nothing, after which nobody is kept waiting for the next. */
const GIVE_UP_FAILURES = 5
const STOP_DEADLINE_MS = 10_000

/**
 * The conversation with the log process: gathers ops, sends frames, hands answers back, survives its deaths.
 *
 * When a run dies, what it had not answered is asked again of the next one, in the same order; each channel is declared
 * to it first, with what has been delivered, and the log drops whatever it holds beyond that. So an op takes effect once,
 * whether or not the dead run had committed it.
 */
export class LogClient {
  readonly #options: DurableLogOptions
  readonly #redeclaration: (channel: DurableChannel) => OpenChannelOp
  readonly #pending = new Pending()
  readonly #implicit = new WeakSet<PendingOp>()
  readonly #started = Promise.withResolvers<void>()
  #run = 0
  #state: "starting" | "open" | "reading" | "closed" | "down" = "down"
  #isScheduled = false
  #drained: (() => void) | undefined
  #frames = 0
  #lastBatch = 0
  #maxBatch = 0

  constructor(options: DurableLogOptions, redeclaration: (channel: DurableChannel) => OpenChannelOp) {
    this.#options = options
    this.#redeclaration = redeclaration
  }

  get isReady(): boolean {
    return this.#state === "open" || this.#state === "reading" || this.#state === "closed"
  }

  /** Resolves when the log process has said what it could open, or keeps dying. */
  start(): Promise<void> {
    this.#options.link.start({
      up: (run) => this.#up(run),
      frame: (text) => this.#frame(text),
      down: (_how, retryInMs) => this.#down(retryInMs),
    })
    return this.#started.promise
  }

  ask(op: PendingOp): void {
    if (!this.isReady && this.#options.link.failures >= GIVE_UP_FAILURES) {
      op.refuse(this.#unavailable("the log process keeps ending; see the server's log for the reason"))
      return
    }
    this.#pending.accept(op)
    this.#schedule()
  }

  /** Refuses what has waited too long. A log process that holds one of those is killed: only then is its fate known. */
  expire(): void {
    const nowMs = this.#options.clock.nowMs()
    const oldest = this.#pending.oldestSent
    if (oldest !== undefined && oldest.deadlineMs <= nowMs) {
      this.#options.link.kill(new Error(`no answer within ${this.#options.limits.answerDeadlineMs} ms`))
      this.#endRun()
    }
    const why = `no answer within ${this.#options.limits.answerDeadlineMs} ms; the disk hangs or is overloaded`
    for (const op of this.#pending.takeExpired(nowMs)) op.refuse(this.#unavailable(why))
  }

  /** Finishes what was accepted, then lets the log process close its file. */
  async stop(): Promise<void> {
    if (this.#pending.count > 0) {
      const drained = Promise.withResolvers<void>()
      this.#drained = drained.resolve
      const cancel = this.#options.clock.after(STOP_DEADLINE_MS, drained.resolve)
      this.#flush()
      await drained.promise
      cancel()
    }
    await this.#options.link.stop(STOP_DEADLINE_MS)
    this.#refuseAll(new SkeinError("shutting_down"))
  }

  stats() {
    return { frames: this.#frames, lastBatch: this.#lastBatch, maxBatch: this.#maxBatch, state: this.#state }
  }

  #up(run: number): void {
    this.#run = run
    this.#state = "starting"
  }

  #frame(text: string): void {
    if (this.#state === "starting") {
      this.#hello(JSON.parse(text) as Hello)
      return
    }
    // A run that is being killed may still answer.
    if (!this.isReady) return
    const batch = this.#pending.answered()
    if (batch === undefined) throw new Error("the log process answered a frame that was never sent")
    this.#settle(batch, JSON.parse(text) as unknown[])
    this.#options.link.progressed()
    this.#flush()
    if (this.#pending.count === 0) this.#drained?.()
  }

  #hello(hello: Hello): void {
    this.#state = hello.state
    if (hello.refusal !== undefined) {
      this.#options.log.error(
        { path: this.#options.path, state: hello.state },
        `publishing to durable channels is refused: ${hello.refusal.m}`,
      )
    }
    this.#started.resolve()
    this.#flush()
  }

  #settle(batch: readonly PendingOp[], answers: readonly unknown[]): void {
    if (answers.length !== batch.length) {
      throw new Error(`${batch.length} ops were sent and ${answers.length} answered`)
    }
    for (let i = 0; i < batch.length; i++) {
      try {
        batch[i]?.settle(answers[i])
      } catch (error) {
        // A listener that throws breaks its contract; the others in this batch must not pay for it.
        this.#options.log.error({ err: error }, "delivering a publication failed")
      }
    }
  }

  #down(retryInMs: number | undefined): void {
    this.#endRun()
    this.#state = "down"
    if (this.#options.link.failures < GIVE_UP_FAILURES && retryInMs !== undefined) return
    this.#started.resolve()
    this.#refuseAll(this.#unavailable("the log process keeps ending; see the server's log for the reason", retryInMs))
    this.#drained?.()
  }

  /** What was sent and not answered has to be asked again. */
  #endRun(): void {
    this.#state = "down"
    const again: PendingOp[] = []
    for (const op of this.#pending.takeBack()) {
      if (op instanceof AppendOp) noteUndecided(op)
      if (!this.#implicit.has(op)) again.push(op)
      else op.refuse(new SkeinError("storage_unavailable"))
    }
    this.#pending.putFirst(again)
  }

  #refuseAll(error: SkeinError): void {
    for (const op of this.#pending.takeAll()) op.refuse(error)
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      this.#flush()
    })
  }

  #flush(): void {
    while (this.isReady && this.#pending.waiting > 0 && this.#pending.framesSent < MAX_FRAMES_SENT) this.#sendFrame()
  }

  #sendFrame(): void {
    const batch: PendingOp[] = []
    const texts: string[] = [String(this.#options.clock.nowMs())]
    for (const op of this.#pending.take(MAX_FRAME_WEIGHT, MAX_FRAME_BYTES)) {
      const channel = channelOf(op)
      if (channel !== undefined && channel.declaredIn !== this.#run) {
        channel.declaredIn = this.#run
        if (!(op instanceof OpenChannelOp)) {
          const declare = this.#redeclaration(channel)
          this.#implicit.add(declare)
          batch.push(declare)
          texts.push(declare.encode())
        }
      }
      batch.push(op)
      texts.push(op.encode())
    }
    this.#pending.sent(batch)
    this.#frames++
    this.#lastBatch = batch.length
    this.#maxBatch = Math.max(this.#maxBatch, batch.length)
    this.#options.link.send(`[${texts.join(",")}]`)
  }

  #unavailable(why: string, retryAfterMs = 2_000): SkeinError {
    return refusedError({ e: "storage_unavailable", m: `not stored in ${this.#options.path}: ${why}` }, retryAfterMs)
  }
}

/** Committed or not: only the next run can tell, and drops it if it was. */
function noteUndecided(op: AppendOp): void {
  const { channel, draft } = op
  channel.isUndecided = true
  if (draft.idempotencyKey !== undefined) channel.undecidedKeys.push(draft.idempotencyKey)
}
