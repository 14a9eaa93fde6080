import { randomBytes } from "node:crypto"
import { join } from "node:path"
import { SupervisedChild } from "../child/supervised-child.ts"
import type { Clock } from "../core/clock.ts"
import type { Logger } from "../core/logger.ts"
import {
  type EndpointStats,
  type StoredEvent,
  type Told,
  type ToldChange,
  type WebhookEndpoint,
  type WebhookEvent,
  wants,
} from "./event.ts"
import { type FromProcess, MAX_WEBHOOK_FRAME_BYTES, type ToProcess } from "./wire.ts"

const WEBHOOK_PROCESS = join(import.meta.dirname, "process", "main.ts")
/** Events that wait for the process to take them; beyond, the oldest are lost, and the log says so. */
const MAX_UNSAVED = 100_000
const MAX_UNSAVED_BYTES = 64 * 1_024 * 1_024
/** Events of one frame, and bytes beyond which no further one is added: each may have as much data as a client event. */
const MAX_PER_FRAME = 250
const MAX_FRAME_BYTES = 8 * 1_024 * 1_024
/** One is being worked on, one waits in the pipe; the others wait here, where they are counted. */
const MAX_FRAMES_SENT = 2
const ANSWER_WITHIN_MS = 10_000
const STOP_DEADLINE_MS = 5_000

export interface WebhooksOptions {
  /** Folder of `webhooks.db`. */
  readonly dataDir: string
  readonly endpoints: readonly WebhookEndpoint[]
  readonly clock: Clock
  readonly log: Logger
  /** What back ends had been told when the process began, once and before anything else. */
  readonly onTold: (told: readonly Told[]) => void
  /** A process that says nothing for this long while events wait for it is ended, and another one started. */
  readonly answerWithinMs?: number
  /** Module of the process (tests put one in between that hangs on purpose). */
  readonly entry?: string
}

export interface WebhooksStats {
  /** Not on disk yet. */
  readonly unsaved: number
  /** Lost before they were on disk. */
  readonly lost: number
  readonly restarts: number
  readonly endpoints: readonly EndpointStats[]
}

interface Unsaved {
  readonly number: number
  readonly event: StoredEvent | undefined
  readonly told: ToldChange | undefined
  readonly bytes: number
}

/**
 * Events for back ends: at least once, in order within a channel, kept on disk until the endpoint has taken them.
 * The node hands them over and goes on; disk and network are the webhook process's.
 */
export class Webhooks {
  readonly #options: WebhooksOptions
  readonly #child: SupervisedChild
  readonly #unsaved: Unsaved[] = []
  /** So many of them, the first ones, this run of the process has been sent. */
  #sentCount = 0
  /** Sent and not answered. */
  #frames = 0
  #heardAtMs = 0
  #stopWatching: () => void = () => undefined
  #unsavedBytes = 0
  #next = 1
  #lost = 0
  #isOpen = false
  #wasTold = false
  #isFlushing = false
  #endpoints: readonly EndpointStats[] = []
  readonly #idPrefix = randomBytes(6).toString("base64url")

  constructor(options: WebhooksOptions) {
    this.#options = options
    const { clock, log, dataDir } = options
    this.#child = new SupervisedChild({
      name: "webhook process",
      entry: options.entry ?? WEBHOOK_PROCESS,
      args: [dataDir],
      maxFrameBytes: MAX_WEBHOOK_FRAME_BYTES,
      clock,
      log,
    })
  }

  start(): void {
    this.#child.start({
      up: () => this.#send({ is: "open", endpoints: this.#options.endpoints }),
      frame: (text) => this.#received(JSON.parse(text)),
      down: () => this.#down(),
    })
    this.#stopWatching = this.#options.clock.every(1_000, () => this.#endHanging())
  }

  get stats(): WebhooksStats {
    return {
      unsaved: this.#unsaved.length,
      lost: this.#lost,
      restarts: this.#child.restarts,
      endpoints: this.#endpoints,
    }
  }

  /** Whether anybody wants such events: then they need not be made. */
  isWanted(event: WebhookEvent): boolean {
    return this.#options.endpoints.some((endpoint) => wants(endpoint, event))
  }

  /** Takes an event, to be kept and delivered. Never throws, never waits. */
  add(event: WebhookEvent, told?: ToldChange): void {
    const number = this.#next++
    const stored = this.isWanted(event)
      ? { ...event, id: `${this.#idPrefix}-${number}`, timeMs: this.#options.clock.nowMs() }
      : undefined
    if (!stored && !told) return
    const bytes = stored ? dataBytes(stored) : 0
    this.#unsaved.push({ number, event: stored, told, bytes })
    this.#unsavedBytes += bytes
    while (this.#unsaved.length > MAX_UNSAVED || this.#unsavedBytes > MAX_UNSAVED_BYTES) this.#loseOldest()
    this.#flushSoon()
  }

  /** Lets the process take what is unsaved; what is undelivered waits on disk for the next start. */
  async stop(): Promise<void> {
    this.#stopWatching()
    this.#flush(Number.POSITIVE_INFINITY)
    await this.#child.stop(STOP_DEADLINE_MS)
  }

  /** Whatever the run has not acknowledged goes to the next one. */
  #down(): void {
    this.#isOpen = false
    this.#sentCount = 0
    this.#frames = 0
  }

  #endHanging(): void {
    const { clock, answerWithinMs = ANSWER_WITHIN_MS } = this.#options
    if (this.#frames === 0 || clock.nowMs() - this.#heardAtMs < answerWithinMs) return
    this.#down()
    this.#child.kill(new Error(`no answer within ${answerWithinMs} ms`))
  }

  #received(frame: FromProcess): void {
    this.#heardAtMs = this.#options.clock.nowMs()
    switch (frame.is) {
      case "told":
        this.#isOpen = true
        this.#child.progressed()
        // Only the first run knows of the time before us; later ones know what we told them.
        if (!this.#wasTold) this.#options.onTold(frame.told)
        this.#wasTold = true
        this.#flush()
        return
      case "added":
        // A run given up on may still speak: what it has is sent again, and known by its id.
        if (!this.#isOpen) return
        this.#frames--
        this.#saved(frame.number)
        this.#flush()
        return
      case "stats":
        this.#endpoints = frame.endpoints
        return
      case "log":
        this.#options.log[frame.level](frame.fields, frame.message)
        return
    }
  }

  #saved(number: number): void {
    const rest = this.#unsaved.findIndex((unsaved) => unsaved.number > number)
    const saved = rest < 0 ? this.#unsaved.length : rest
    for (const { bytes } of this.#unsaved.splice(0, saved)) this.#unsavedBytes -= bytes
    this.#sentCount -= saved
  }

  /** One frame for all events of this turn of the event loop. */
  #flushSoon(): void {
    if (this.#isFlushing || !this.#isOpen) return
    this.#isFlushing = true
    setImmediate(() => {
      this.#isFlushing = false
      this.#flush()
    })
  }

  #flush(maxFrames = MAX_FRAMES_SENT): void {
    if (!this.#isOpen) return
    while (this.#sentCount < this.#unsaved.length && this.#frames < maxFrames) {
      const next = this.#nextFrame()
      this.#sentCount += next.length
      this.#frames++
      this.#send({
        is: "add",
        number: next.at(-1)?.number ?? 0,
        events: next.flatMap(({ event }) => event ?? []),
        told: next.flatMap(({ told }) => told ?? []),
      })
    }
  }

  /** At least one. */
  #nextFrame(): Unsaved[] {
    const next: Unsaved[] = []
    let bytes = 0
    for (const unsaved of this.#unsaved.slice(this.#sentCount, this.#sentCount + MAX_PER_FRAME)) {
      next.push(unsaved)
      bytes += unsaved.bytes
      if (bytes >= MAX_FRAME_BYTES) break
    }
    return next
  }

  #send(frame: ToProcess): void {
    this.#child.send(JSON.stringify(frame))
  }

  #loseOldest(): void {
    this.#unsavedBytes -= this.#unsaved.shift()?.bytes ?? 0
    this.#sentCount = Math.max(0, this.#sentCount - 1)
    this.#lost++
    if (this.#lost === 1 || this.#lost % 10_000 === 0)
      this.#options.log.error({ lost: this.#lost }, "webhook events were lost: the webhook process does not take them")
  }
}

/** What makes an event large: names are short. */
const dataBytes = ({ fields = {} }: StoredEvent): number =>
  Object.values(fields).reduce<number>(
    (sum, value) => sum + (typeof value === "string" ? Buffer.byteLength(value) : 8),
    0,
  )
