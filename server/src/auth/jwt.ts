import type { Clock } from "../core/clock.ts"
import type { Tokens } from "../core/tokens.ts"
import { ClaimError, grantOf, identityOf, optionalString, userOf } from "./claims.ts"
import type { TokenOptions } from "./options.ts"
import { createTokenKeys } from "./token-keys.ts"
import { type VerifyParts, verifyToken } from "./verify.ts"

const DEFAULT_MAX_TOKEN_BYTES = 16_384

type Refused = { readonly kind: "expired" | "invalid"; readonly why: string }

/**
 * Reads the JWTs clients bring, with the claims of the Centrifuge protocol.
 *
 * The returned functions answer every bad token with a verdict. They throw only SkeinError `internal` (temporary),
 * when a JWKS address cannot be asked: clients then try again instead of giving up.
 *
 * @throws UnusableKey
 */
export async function createTokens(options: TokenOptions, clock: Clock): Promise<Tokens> {
  const parts = await verifyParts(options, options.keys)
  const subscriptionParts = options.subscriptionKeys ? await verifyParts(options, options.subscriptionKeys) : parts
  return {
    async connection(token) {
      const nowMs = clock.nowMs()
      const verdict = await verifyToken(parts, token, nowMs)
      if (verdict.kind !== "ok") return verdict
      return reading(() => {
        const { claims } = verdict
        const identity = identityOf(claims)
        const issued = claims.iat === undefined ? {} : { issuedAtMs: claims.iat * 1_000 }
        return isOver(identity, nowMs) ?? { kind: "ok", identity, ...issued }
      })
    },

    async subscription(token, expected) {
      const nowMs = clock.nowMs()
      const verdict = await verifyToken(subscriptionParts, token, nowMs)
      if (verdict.kind !== "ok") return verdict
      return reading(() => {
        const why = mismatch(verdict.claims, expected)
        if (why !== undefined) return { kind: "mismatch", why }
        const grant = grantOf(verdict.claims)
        return isOver(grant, nowMs) ?? { kind: "ok", grant }
      })
    },
  }
}

async function verifyParts(options: TokenOptions, keys: TokenOptions["keys"]): Promise<VerifyParts> {
  return {
    keys: await createTokenKeys(keys),
    maxTokenBytes: options.maxTokenBytes ?? DEFAULT_MAX_TOKEN_BYTES,
    ...(options.audience === undefined ? {} : { audience: options.audience }),
    ...(options.issuer === undefined ? {} : { issuer: options.issuer }),
  }
}

function reading<T>(read: () => T): T | Refused {
  try {
    return read()
  } catch (error) {
    if (error instanceof ClaimError) return { kind: "invalid", why: error.message }
    throw error
  }
}

/** `expire_at` may lie before `exp`. */
function isOver(what: { readonly expiresAtMs?: number }, nowMs: number): Refused | undefined {
  if (what.expiresAtMs === undefined || what.expiresAtMs > nowMs) return undefined
  return { kind: "expired", why: "expire_at is in the past" }
}

function mismatch(
  claims: Readonly<Record<string, unknown>>,
  expected: Parameters<Tokens["subscription"]>[1],
): string | undefined {
  const channel = optionalString(claims, "channel")
  if (channel === undefined) throw new ClaimError("has no channel claim: this is not a subscription token")
  if (channel !== expected.channel) return "signed for another channel"
  if (userOf(claims) !== expected.userId) return "signed for another user (sub)"
  const client = optionalString(claims, "client")
  return client === undefined || client === expected.clientId ? undefined : "signed for another client"
}
