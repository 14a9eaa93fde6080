import type { ClientInfo, Payload, Position, Publication } from "./publication.ts"
import type { ChannelRule } from "./rules.ts"

/** What somebody wants to publish. */
export interface PublishDraft {
  readonly data: Payload
  readonly tags?: Readonly<Record<string, string>>
  /** Same key, same answer, nothing published twice, for at least the channel's retention window. ≤ 128 bytes. */
  readonly idempotencyKey?: string
  /** Carried to subscribers but not kept and given no offset, although the channel has history. */
  readonly skipHistory?: boolean
  /** Connection that must not receive it. Carried to subscribers' delivery in the publication, never stored. */
  readonly exclude?: string
}

/** A publication on its way to the broker, with who published it: not ordered, not kept yet. */
export interface Draft extends PublishDraft {
  readonly info?: ClientInfo
}

/** What became of a draft. */
export interface Published {
  /** Absent when the channel keeps no history (or `skipHistory`). */
  readonly position?: Position
  /** True when the idempotency key had been seen: nothing was published now. */
  readonly duplicate: boolean
}

/** Which part of a channel's history is asked for. */
export interface HistoryQuery {
  /** Exclusive. Absent: from the oldest kept (or the newest with `reverse`). */
  readonly since?: Position
  /** Publications; 0: position only. */
  readonly limit: number
  readonly reverse?: boolean
  /** The page may end after so many bytes, with one publication at least. Absent: after as many as the broker allows. */
  readonly maxBytes?: number
}

/** Kept publications in order, and where the history stands. */
export interface HistoryPage {
  readonly publications: readonly Publication[]
  /** Offset 0 when nothing was ever published. */
  readonly top: Position
}

/** What core needs of a broker; `broker/contract.ts` states the promises behind it. */
export interface PublicationLog {
  publish(channel: string, rule: ChannelRule, draft: Draft): Promise<Published>
  publishTransient(channel: string, draft: Draft): void
  history(channel: string, rule: ChannelRule, query: HistoryQuery): Promise<HistoryPage>
  removeHistory(channel: string, rule: ChannelRule): Promise<void>
}
