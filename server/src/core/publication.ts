/**
 * A publication's payload, passed through unparsed: a string is JSON text exactly as the publisher wrote it,
 * bytes are opaque (published by a binary client).
 */
export type Payload = string | Uint8Array

/** JSON text, already serialised. Embedded as it stands, never parsed on the way. */
export type JsonText = string

/** Who published or who is present, in the Centrifuge protocol's terms. */
export interface ClientInfo {
  readonly user: string
  readonly client: string
  readonly connInfo?: JsonText
  readonly chanInfo?: JsonText
}

/** Identity of one history: offsets of different epochs must never be compared. Always travels with the offset. */
export interface Position {
  readonly epoch: string
  readonly offset: number
}

/** One item of a channel. */
export interface Publication {
  readonly data: Payload
  /** Place in the channel's history, from 1. Absent in channels without history. */
  readonly offset?: number
  /** Present when a connection published, absent for back ends. */
  readonly info?: ClientInfo
  readonly tags?: Readonly<Record<string, string>>
  /** Unix milliseconds at which the broker took it. */
  readonly timeMs: number
  /** Connection that must not receive it (live delivery only, never stored). */
  readonly exclude?: string
}
