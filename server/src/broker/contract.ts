import type { Draft, HistoryPage, HistoryQuery, Published } from "../core/log.ts"
import type { Publication } from "../core/publication.ts"
import type { ChannelRule } from "../core/rules.ts"

export type { Draft, HistoryPage, HistoryQuery, Published } from "../core/log.ts"

/** What a broker tells the node. */
export interface BrokerListener {
  /**
   * Called for every publication of every channel, in offset order within a channel, once each,
   * also for those this node published. Synchronous; MUST NOT throw.
   */
  deliver(channel: string, publication: Publication): void
  /** The history of these channels restarted (lost, removed with its epoch): positions held by subscribers are void. */
  invalidate(channels: readonly string[]): void
}

/**
 * Orders publications, keeps them as the channel's rule says, and carries them to every node.
 * Shared suite: broker/contract-suite.ts runs against each implementation.
 */
export interface Broker {
  start(listener: BrokerListener): Promise<void>

  /**
   * MUST have called `deliver` for this publication on this node before the promise resolves, and MUST have it
   * durable before either when the rule says `disk`.
   *
   * @throws SkeinError `storage_full`, `storage_unavailable`, `limit_exceeded` (queue full): then it was neither kept nor delivered
   */
  publish(channel: string, rule: ChannelRule, draft: Draft): Promise<Published>

  /**
   * For a channel whose rule keeps no history: delivers at once and returns. The fast path has no promise in it.
   * MUST NOT be called for channels with history.
   */
  publishTransient(channel: string, draft: Draft): void

  /**
   * A page of kept publications, oldest first (newest first with `reverse`).
   *
   * MUST NOT return a publication that has not yet been delivered on this node, nor a `top` above the last delivered:
   * the caller merges the page with what is delivered meanwhile, and would see it twice.
   * MUST create the channel's epoch when there is none and keep it. With `since`, pages are gapless from `since.offset + 1`
   * or start later, which the caller sees and refuses. A `since` of another epoch returns the position only.
   */
  history(channel: string, rule: ChannelRule, query: HistoryQuery): Promise<HistoryPage>

  /** Forgets the kept publications; epoch and top stay. */
  removeHistory(channel: string, rule: ChannelRule): Promise<void>

  /** Resolves when a publication would be taken and stored now (readiness, promise P9); rejects with the reason. */
  probe(): Promise<void>

  /** Finishes what was accepted, then closes. */
  stop(): Promise<void>
}
