import type { JSONWebKeySet } from "jose"

/** Where the keys come from that tokens are checked with. All given sources count; none means every token is refused. */
export interface TokenKeyOptions {
  /** For HS256, HS384 and HS512. The current one first, the previous ones while they are being rotated out. */
  readonly hmacSecrets?: readonly string[]
  /** PEM of public keys or certificates: RSA from 2048 bits, EC on P-256, P-384 or P-521, Ed25519. */
  readonly publicKeys?: readonly string[]
  readonly jwks?: readonly JwksOptions[]
}

/** A set of public keys, by address or as it is. */
export type JwksOptions =
  | {
      /** Asked at the first token and then as `cacheMaxAgeMs` and `cooldownMs` say. */
      readonly url: string
      /** One answer may take this long. Default 5 000. */
      readonly timeoutMs?: number
      /** The set is used this long before it is asked for again. Default 600 000. */
      readonly cacheMaxAgeMs?: number
      /** An unknown key id makes us ask again at most this often. Default 30 000. */
      readonly cooldownMs?: number
    }
  | {
      /** Contents of a JWKS file. */
      readonly set: JSONWebKeySet
    }

/** One exact value, or a pattern the whole value must match (the pattern is anchored by us). */
export type Expectation = string | RegExp

/** How tokens are checked. */
export interface TokenOptions {
  readonly keys: TokenKeyOptions
  /** For subscription tokens, when the site signs them with keys of their own. Default: `keys`. */
  readonly subscriptionKeys?: TokenKeyOptions
  /** The token's `aud` (any one of several) must be one of these. Default: not looked at. */
  readonly audience?: readonly Expectation[]
  /** The token's `iss` must be one of these. Default: not looked at. */
  readonly issuer?: readonly Expectation[]
  /** Longer tokens are refused unread. Default 16 384. */
  readonly maxTokenBytes?: number
}
