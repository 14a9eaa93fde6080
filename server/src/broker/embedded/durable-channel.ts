import type { SkeinError } from "../../core/errors.ts"
import type { ChannelRule } from "../../core/rules.ts"
import type { PendingOp } from "./pending.ts"
import type { Ring } from "./ring.ts"

/** Bounds that no storage reaches. They stand for "unbounded" in frames, as JSON has no infinity. */
const MAX_TTL_MS = 1e14
const MAX_SIZE = 1e12

/** A channel of the log, as the node knows it. */
export class DurableChannel {
  readonly name: string
  /** Names the channel in frames; never used twice. */
  readonly handle: number
  historySize: number
  historyTtlMs: number
  /** Run of the log process that has been told of this channel, 0 for none. */
  declaredIn = 0
  /** Empty until the log has answered the first `open`. */
  epoch = ""
  /** Newest offset delivered on this node. Everything up to it is history; nothing beyond it exists yet for anyone. */
  delivered = 0
  /** Oldest offset the log keeps, as far as known. */
  first = 1
  ring: Ring | undefined
  /** Publishes that came before the log answered the first `open`. */
  waiting: PendingOp[] | undefined = []
  /** Resolves when the log has answered the first `open`. */
  opening: { readonly promise: Promise<void>; resolve(): void; reject(error: SkeinError): void } | undefined
  /** A log process died with publications of this channel unanswered: only the next one can tell what became of them. */
  isUndecided = false
  /** Idempotency keys of such publications. */
  undecidedKeys: string[] = []
  /** Ops accepted and not yet answered. */
  pending = 0

  constructor(name: string, handle: number, rule: ChannelRule) {
    this.name = name
    this.handle = handle
    this.historySize = historySizeOf(rule)
    this.historyTtlMs = historyTtlOf(rule)
  }

  /** Takes over the rule as it is now. @returns whether the log has to be told */
  follow(rule: ChannelRule): boolean {
    if (this.historySize === historySizeOf(rule) && this.historyTtlMs === historyTtlOf(rule)) return false
    this.historySize = historySizeOf(rule)
    this.historyTtlMs = historyTtlOf(rule)
    return true
  }

  /** Starts the memory of this channel at a position. */
  startAt(epoch: string, top: number, first: number, ring: Ring): void {
    this.epoch = epoch
    this.delivered = top
    this.first = first
    this.ring = ring
  }

  /** Offset of the oldest publication that counts as kept, age aside. */
  get keptFrom(): number {
    return Math.max(this.first, this.delivered - this.historySize + 1)
  }
}

function historySizeOf(rule: ChannelRule): number {
  return Math.min(rule.historySize, MAX_SIZE)
}

function historyTtlOf(rule: ChannelRule): number {
  return Math.min(rule.historyTtlMs, MAX_TTL_MS)
}
