/**
 * Why a connection or a subscription ends. Two tables, never mixed with errors of single commands.
 *
 * Numbers and ranges are the Centrifuge protocol's (centrifuge v0.38 `disconnect.go`, `unsubscribe.go`):
 * 3000–3499 the client reconnects with backoff, 3500–3999 it stops. Reasons MUST be plain, non-empty text that is
 * not valid JSON and at most 123 bytes (RFC 6455 section 5.5): SDKs try to JSON-decode them.
 */
export interface CloseReason {
  readonly code: number
  readonly reason: string
}

/** Why a connection ends. */
export const CLOSE = {
  normal: { code: 3000, reason: "connection closed" },
  shutdown: { code: 3001, reason: "shutdown" },
  internal: { code: 3004, reason: "internal server error" },
  expired: { code: 3005, reason: "connection expired" },
  subscriptionExpired: { code: 3006, reason: "subscription expired" },
  slow: { code: 3008, reason: "slow" },
  writeError: { code: 3009, reason: "write error" },
  insufficientState: { code: 3010, reason: "insufficient state" },
  forceReconnect: { code: 3011, reason: "force reconnect" },
  noPong: { code: 3012, reason: "no pong" },
  tooManyRequests: { code: 3013, reason: "too many requests" },
  stateInvalidated: { code: 3014, reason: "state invalidated" },
  invalidToken: { code: 3500, reason: "invalid token" },
  badRequest: { code: 3501, reason: "bad request" },
  stale: { code: 3502, reason: "stale" },
  forced: { code: 3503, reason: "force disconnect" },
  connectionLimit: { code: 3504, reason: "connection limit" },
  channelLimit: { code: 3505, reason: "channel limit" },
  inappropriateProtocol: { code: 3506, reason: "inappropriate protocol" },
  permissionDenied: { code: 3507, reason: "permission denied" },
  notAvailable: { code: 3508, reason: "not available" },
  tooManyErrors: { code: 3509, reason: "too many errors" },
} as const satisfies Record<string, CloseReason>

/**
 * Whether a client meant to go, by the code it closed with: 1000, or none at all (1005). A change of page (1001) and a
 * dropped connection (1006) may be back in a moment.
 */
export const isGoodbye = (code: number): boolean => code === 1000 || code === 1005

/** Why a subscription ends. Below 2500 the client stops it, from 2500 on it resubscribes (with recovery). */
export const UNSUBSCRIBE = {
  server: { code: 2000, reason: "server unsubscribe" },
  insufficientState: { code: 2500, reason: "insufficient state" },
  expired: { code: 2501, reason: "subscription expired" },
} as const satisfies Record<string, CloseReason>
