import type { ClientInfo, Payload, Position, Publication } from "./publication.ts"
import type { ChannelRule } from "./rules.ts"

/** A page of history as core reads it. */
export interface HistoryRead {
  readonly publications: readonly Publication[]
  readonly top: Position
}

export interface HistoryRequest {
  readonly since?: Position
  readonly limit: number
  readonly reverse?: boolean
  /** The page may end when it has so many bytes: the reader throws away what is beyond. */
  readonly maxBytes?: number
}

export interface PublishDraft {
  readonly data: Payload
  readonly tags?: Readonly<Record<string, string>>
  readonly idempotencyKey?: string
  readonly skipHistory?: boolean
  readonly exclude?: string
}

/** What core needs of a broker; `broker/contract.ts` states the promises behind it. */
export interface PublicationLog {
  publish(
    channel: string,
    rule: ChannelRule,
    draft: PublishDraft & { readonly info?: ClientInfo },
  ): Promise<{ readonly position?: Position; readonly duplicate: boolean }>
  publishTransient(channel: string, draft: PublishDraft & { readonly info?: ClientInfo }): void
  history(channel: string, rule: ChannelRule, query: HistoryRequest): Promise<HistoryRead>
  removeHistory(channel: string, rule: ChannelRule): Promise<void>
}
