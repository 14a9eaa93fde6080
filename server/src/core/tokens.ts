import type { Identity } from "./connection.ts"
import type { JsonText } from "./publication.ts"

/** What a token turned out to be. `why` is for the log and the developer, never for the client. */
export type TokenVerdict<T> =
  | ({ readonly kind: "ok" } & T)
  | { readonly kind: "expired"; readonly why: string }
  | { readonly kind: "invalid"; readonly why: string }

/** What a subscription token allows and says. */
export interface SubscriptionGrant {
  /** What others see of the connection in the channel. */
  readonly info?: JsonText
  /** Handed to the client with the subscription. */
  readonly data?: JsonText
  /** Unix milliseconds; absent: never. */
  readonly expiresAtMs?: number
}

/** Reads the tokens clients bring. Implemented by auth; protocols only see this. Never throws for bad input. */
export interface Tokens {
  /** A connection token (JWT). `issuedAtMs`: Unix milliseconds, to the second; absent when the token does not say. */
  connection(token: string): Promise<TokenVerdict<{ readonly identity: Identity; readonly issuedAtMs?: number }>>
  /** A subscription token. `mismatch`: signed well, but for another channel, user or client. */
  subscription(
    token: string,
    expected: { readonly userId: string; readonly channel: string; readonly clientId: string },
  ): Promise<TokenVerdict<{ readonly grant: SubscriptionGrant }> | { readonly kind: "mismatch"; readonly why: string }>
}

/** Finds the identity of a handshake (session cookie, `?token=`, API key, trusted `user_id`). Implemented by auth. */
export interface HandshakeIdentity {
  /** Undefined: unknown. Whether unknown clients may connect is the protocol's configuration. */
  identify(handshake: {
    readonly headers: Headers
    readonly url: URL
    readonly address: string
    readonly loopback: boolean
  }): Promise<Identity | undefined>
}
