import { ERRORS, SkeinError } from "../../core/errors.ts"
import type { ClientInfo, Payload, Position, Publication } from "../../core/publication.ts"
import type { Draft, Published } from "../contract.ts"
import type { DurableChannel } from "./durable-channel.ts"
import {
  type Appended,
  fromWireData,
  isRefused,
  OP,
  type Opened,
  type Refused,
  toWireData,
  type WireRow,
} from "./log-wire.ts"
import type { PendingOp } from "./pending.ts"
import { type Kept, publicationBytes } from "./ring.ts"

/** A page may be large: few of them share a frame, so that parsing an answer never takes long. */
const PAGE_WEIGHT = 64
const OPEN_WEIGHT = 8

type Settled<T> = { resolve(value: T): void; reject(error: SkeinError): void }

/** The refusal of the log process as the error the publisher sees. */
export function refusedError(refused: Refused, retryAfterMs = 2_000): SkeinError {
  return new SkeinError(refused.e in ERRORS ? refused.e : "storage_unavailable", refused.m, { retryAfterMs })
}

/** What a settled append does to its channel; in one place, the durable log. */
export interface AppendHost {
  appended(op: AppendOp, answer: Appended): Published
  /** The channel's handle is void in the log process. */
  undeclare(channel: DurableChannel): void
  /** Called once for each append, whatever became of it. */
  released(op: AppendOp): void
}

export class AppendOp implements PendingOp {
  readonly channel: DurableChannel
  readonly draft: Draft
  readonly timeMs: number
  readonly deadlineMs: number
  readonly bytes: number
  readonly weight = 1
  readonly #host: AppendHost
  readonly #settled: Settled<Published>

  constructor(
    host: AppendHost,
    channel: DurableChannel,
    draft: Draft,
    time: { timeMs: number; deadlineMs: number },
    settled: Settled<Published>,
  ) {
    this.#host = host
    this.#settled = settled
    this.channel = channel
    this.draft = draft
    this.timeMs = time.timeMs
    this.deadlineMs = time.deadlineMs
    this.bytes = publicationBytes(draft.data, draft.tags)
    channel.pending++
  }

  encode(): string {
    const { data, info, tags, idempotencyKey } = this.draft
    const head = `[${OP.append},${this.channel.handle},${this.timeMs},${JSON.stringify(toWireData(data))},`
    if (info === undefined && tags === undefined && idempotencyKey === undefined) return `${head}null,null,null]`
    return `${head}${infoText(info)},${textOf(tags)},${JSON.stringify(idempotencyKey ?? null)}]`
  }

  settle(answer: unknown): void {
    this.#release()
    if (!isRefused(answer)) {
      this.#settled.resolve(this.#host.appended(this, answer as Appended))
      return
    }
    this.#host.undeclare(this.channel)
    this.#settled.reject(refusedError(answer))
  }

  refuse(error: SkeinError): void {
    this.#release()
    this.#settled.reject(error)
  }

  #release(): void {
    this.channel.pending--
    this.#host.released(this)
  }
}

/** Tells the log process of a channel: the first time to learn where it stands, after a restart to agree on it. */
export class OpenChannelOp implements PendingOp {
  readonly bytes = 0
  readonly weight = OPEN_WEIGHT
  readonly deadlineMs: number
  readonly channel: DurableChannel
  readonly #tail: { readonly count: number; readonly bytes: number }
  readonly #opened: (opened: Opened) => void
  readonly #failed: (error: SkeinError) => void

  constructor(
    channel: DurableChannel,
    deadlineMs: number,
    tail: { readonly count: number; readonly bytes: number },
    opened: (opened: Opened) => void,
    failed: (error: SkeinError) => void,
  ) {
    this.channel = channel
    this.deadlineMs = deadlineMs
    this.#tail = tail
    this.#opened = opened
    this.#failed = failed
    channel.pending++
  }

  encode(): string {
    const { handle, name, historySize, historyTtlMs, epoch, delivered, undecidedKeys } = this.channel
    return JSON.stringify([
      OP.open,
      handle,
      name,
      historySize,
      historyTtlMs,
      Math.min(this.#tail.count, historySize),
      this.#tail.bytes,
      epoch === "" ? null : epoch,
      delivered,
      undecidedKeys,
    ])
  }

  settle(answer: unknown): void {
    this.channel.pending--
    if (isRefused(answer)) this.#failed(refusedError(answer))
    else this.#opened(answer as Opened)
  }

  refuse(error: SkeinError): void {
    this.channel.pending--
    this.#failed(error)
  }
}

/** Anything whose answer is handed on as it is: a page, a removal, a probe, a tick. */
export class AskOp<T> implements PendingOp {
  readonly bytes = 0
  readonly weight: number
  readonly deadlineMs: number
  readonly channel: DurableChannel | undefined
  readonly #text: () => string
  readonly #settled: Settled<T>
  readonly #refused: (refused: Refused) => void

  constructor(
    ask: { text: () => string; deadlineMs: number; channel?: DurableChannel; isPage?: boolean },
    settled: Settled<T>,
    refused: (refused: Refused) => void = () => undefined,
  ) {
    this.weight = ask.isPage === true ? PAGE_WEIGHT : 1
    this.deadlineMs = ask.deadlineMs
    this.channel = ask.channel
    this.#text = ask.text
    this.#settled = settled
    this.#refused = refused
    if (this.channel !== undefined) this.channel.pending++
  }

  encode(): string {
    return this.#text()
  }

  settle(answer: unknown): void {
    if (this.channel !== undefined) this.channel.pending--
    if (!isRefused(answer)) {
      this.#settled.resolve(answer as T)
      return
    }
    this.#refused(answer)
    this.#settled.reject(refusedError(answer))
  }

  refuse(error: SkeinError): void {
    if (this.channel !== undefined) this.channel.pending--
    this.#settled.reject(error)
  }
}

export function channelOf(op: PendingOp): DurableChannel | undefined {
  return "channel" in op ? (op.channel as DurableChannel | undefined) : undefined
}

export function toPublication(draft: Draft, offset: number, timeMs: number): Kept {
  return build(draft.data, offset, timeMs, draft.info, draft.tags)
}

/** What goes out now: `exclude` concerns the connections of this moment, so no history remembers it. */
export function toDelivered(kept: Kept, draft: Draft): Publication {
  return draft.exclude === undefined ? kept : { ...kept, exclude: draft.exclude }
}

/** A position without epoch is taken at its word: some clients know only offsets. */
export function isOtherEpoch(since: Position | undefined, epoch: string): boolean {
  return since !== undefined && since.epoch !== "" && since.epoch !== epoch
}

export function rowToPublication([offset, timeMs, data, info, tags]: WireRow): Kept {
  return build(
    fromWireData(data),
    offset,
    timeMs,
    info === null ? undefined : unpackInfo(info),
    tags === null ? undefined : (JSON.parse(tags) as Record<string, string>),
  )
}

function build(
  data: Payload,
  offset: number,
  timeMs: number,
  info: ClientInfo | undefined,
  tags: Publication["tags"],
): Kept {
  if (info === undefined && tags === undefined) return { data, offset, timeMs }
  return { data, offset, timeMs, ...(info === undefined ? {} : { info }), ...(tags === undefined ? {} : { tags }) }
}

/** A publisher's publications come with one and the same object: what it is written as lives as long as it. */
const infoTexts = new WeakMap<ClientInfo, string>()

/** `[user, client, connInfo, chanInfo]`, as a JSON string of the frame. */
function infoText(info: ClientInfo | undefined): string {
  if (info === undefined) return "null"
  const known = infoTexts.get(info)
  if (known !== undefined) return known
  const text = textOf([info.user, info.client, info.connInfo ?? null, info.chanInfo ?? null])
  infoTexts.set(info, text)
  return text
}

function unpackInfo(text: string): ClientInfo {
  const [user, client, connInfo, chanInfo] = JSON.parse(text) as [string, string, string | null, string | null]
  return {
    user,
    client,
    ...(connInfo === null ? {} : { connInfo }),
    ...(chanInfo === null ? {} : { chanInfo }),
  }
}

/** The column's JSON text, as a JSON string of the frame. */
function textOf(value: unknown): string {
  return value === undefined ? "null" : JSON.stringify(JSON.stringify(value))
}
