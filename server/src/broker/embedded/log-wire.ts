import type { Payload } from "../../core/publication.ts"

/**
 * What node and log process say to each other: a request frame is `[nowMs, op, op, …]`, its answer frame
 * `[answer, answer, …]` in the same order, and frames are answered in the order they were sent.
 * The node's clock is the only clock. Tuples, because names would be half of the bytes.
 */
export const OP = { open: 0, append: 1, read: 2, remove: 3, probe: 4, tick: 5, forget: 6 } as const

/** Bytes are base64 inside JSON. */
export type WireData = string | { readonly b: string }

/**
 * Declares a channel under a handle of the node's choosing, creating it if need be.
 * `epoch` and `delivered` are what the node knows of it (null, 0: nothing). Rows beyond `delivered` were committed by
 * a log process that died before it could say so: nobody has seen them, they are removed with the idempotency `keys`
 * that came with them, and the node sends them again.
 */
export type OpenOp = readonly [
  op: typeof OP.open,
  handle: number,
  name: string,
  historySize: number,
  historyTtlMs: number,
  tailCount: number,
  tailBytes: number,
  epoch: string | null,
  delivered: number,
  keys: readonly string[],
]
export type AppendOp = readonly [
  op: typeof OP.append,
  handle: number,
  timeMs: number,
  data: WireData,
  info: string | null,
  tags: string | null,
  key: string | null,
]
/** Offsets `from` to `to`, both inclusive, at most `limit` rows and about `maxBytes`; newest first with `reverse`. */
export type ReadOp = readonly [
  op: typeof OP.read,
  handle: number,
  from: number,
  to: number,
  limit: number,
  maxBytes: number,
  reverse: 0 | 1,
]
export type RemoveOp = readonly [op: typeof OP.remove, handle: number]
export type ProbeOp = readonly [op: typeof OP.probe]
/** What the rules say of each pattern, sorted: whether its channels are kept here. */
export type KeptPatterns = readonly (readonly [pattern: string, isKept: 0 | 1])[]
/** Background work and figures. `kept` until the log has answered that it knows. */
export type TickOp = readonly [op: typeof OP.tick, kept?: KeptPatterns]
/** The node no longer uses this handle. */
export type ForgetOp = readonly [op: typeof OP.forget, handle: number]
export type LogOp = OpenOp | AppendOp | ReadOp | RemoveOp | ProbeOp | TickOp | ForgetOp

export type WireRow = readonly [
  offset: number,
  timeMs: number,
  data: WireData,
  info: string | null,
  tags: string | null,
]

export type RefusalCode = "storage_full" | "storage_unavailable"

/** The op was not done, and left nothing behind. */
export interface Refused {
  readonly e: RefusalCode
  readonly m: string
}

export interface Opened {
  readonly epoch: string
  readonly top: number
  /** Oldest offset kept; `top + 1` when there is none. */
  readonly first: number
  /** The newest publications, oldest first. */
  readonly tail: readonly WireRow[]
}

/** The offset alone, or with what needs saying: the time was moved to keep the channel's times in order, it was a duplicate. */
export type Appended = number | { readonly o: number; readonly t?: number; readonly d?: 1 }

export interface Ticked {
  readonly figures: LogFigures
  /** Channels removed because nobody has used them for long, or because there are too many of their kind. */
  readonly swept: readonly string[]
  /** What `kept` says has been taken in. */
  readonly knowsKept: boolean
}

export interface LogFigures {
  readonly pages: number
  readonly freePages: number
  readonly pageBytes: number
  readonly walBytes: number
  readonly commits: number
  readonly rows: number
  readonly commitMsTotal: number
  readonly commitMsMax: number
  readonly checkpoints: number
  readonly checkpointMsMax: number
  readonly trimmedRows: number
}

/** First frame of every run, before any answer. */
export interface Hello {
  /** `reading`: publishes are refused but reads are tried. `closed`: nothing can be read either. */
  readonly state: "open" | "reading" | "closed"
  /** Why it is not `open`. */
  readonly refusal?: Refused
}

/** Whether an answer is a refusal. */
export function isRefused(answer: unknown): answer is Refused {
  return typeof answer === "object" && answer !== null && "e" in answer
}

/** A payload as frames carry it. */
export function toWireData(data: Payload): WireData {
  if (typeof data === "string") return data
  return { b: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64") }
}

/** The payload of a frame. */
export function fromWireData(data: WireData): Payload {
  return typeof data === "string" ? data : new Uint8Array(Buffer.from(data.b, "base64"))
}

/** A frame larger than this is no frame of ours. */
export const MAX_LOG_FRAME_BYTES = 256 * 1024 * 1024
