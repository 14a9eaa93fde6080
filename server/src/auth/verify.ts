import { type CryptoKey, decodeProtectedHeader, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose"
import { SkeinError } from "../core/errors.ts"
import type { TokenVerdict } from "../core/tokens.ts"
import type { Expectation } from "./options.ts"
import type { TokenKeys } from "./token-keys.ts"

/** What a token is checked against. */
export interface VerifyParts {
  readonly keys: TokenKeys
  readonly audience?: readonly Expectation[]
  readonly issuer?: readonly Expectation[]
  readonly maxTokenBytes: number
}

/** What a token turned out to be, before its claims have been read. */
export type ClaimsVerdict = TokenVerdict<{ readonly claims: JWTPayload }>
type Key = CryptoKey | Uint8Array | JWTVerifyGetKey

/**
 * Checks a token's form, signature, times, audience and issuer. Times count without leeway.
 *
 * @throws SkeinError `internal` (temporary) when the JWKS address cannot be asked: the token may well be good
 */
export async function verifyToken(parts: VerifyParts, token: string, nowMs: number): Promise<ClaimsVerdict> {
  // Tokens are ASCII, so characters are bytes.
  if (token.length > parts.maxTokenBytes)
    return invalid(`token has ${token.length} bytes, at most ${parts.maxTokenBytes} are read`)
  const algorithm = algorithmOf(token)
  if (algorithm === undefined) return invalid("not a JWT: expected three base64url parts with a JSON header")
  const keys = parts.keys.candidates(algorithm)
  if (keys.length === 0) return invalid(`signed with ${JSON.stringify(algorithm)}, for which no key is configured`)
  for (const key of keys) {
    const verdict = await tryKey(key, algorithm, token, nowMs)
    if (verdict !== "other key") return verdict.kind === "ok" ? checkParties(parts, verdict.claims) : verdict
  }
  return invalid(`signature fits none of the ${keys.length} configured ${algorithm} keys`)
}

function algorithmOf(token: string): string | undefined {
  try {
    const { alg } = decodeProtectedHeader(token)
    return typeof alg === "string" ? alg.slice(0, 20) : undefined
  } catch {
    return undefined
  }
}

async function tryKey(key: Key, algorithm: string, token: string, nowMs: number): Promise<ClaimsVerdict | "other key"> {
  const options = { algorithms: [algorithm], currentDate: new Date(nowMs) }
  try {
    const { payload } = await (typeof key === "function"
      ? jwtVerify(token, key, options)
      : jwtVerify(token, key, options))
    return { kind: "ok", claims: payload }
  } catch (error) {
    if (error instanceof errors.JWKSMultipleMatchingKeys) return tryEach(error, algorithm, token, nowMs)
    if (error instanceof errors.JWSSignatureVerificationFailed) return "other key"
    if (error instanceof errors.JWKSNoMatchingKey) return "other key"
    return verdictOf(error)
  }
}

/** The token names no key id and several keys of the set would do. */
async function tryEach(keys: errors.JWKSMultipleMatchingKeys, algorithm: string, token: string, nowMs: number) {
  for await (const key of keys) {
    const verdict = await tryKey(key, algorithm, token, nowMs)
    if (verdict !== "other key") return verdict
  }
  return "other key" as const
}

function verdictOf(error: unknown): ClaimsVerdict {
  if (error instanceof errors.JWTExpired) return { kind: "expired", why: "exp is in the past" }
  if (error instanceof errors.JWTClaimValidationFailed) {
    const early = error.claim === "nbf" && error.reason === "check_failed"
    return early ? { kind: "expired", why: "nbf is in the future" } : invalid(`claim ${error.claim}: ${error.message}`)
  }
  if (isAboutTheToken(error)) return invalid(error.message)
  throw new SkeinError(
    "internal",
    "the keys for checking tokens could not be fetched: is the JWKS address reachable?",
    {
      cause: error,
    },
  )
}

function isAboutTheToken(error: unknown): error is errors.JOSEError {
  return (
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JOSEAlgNotAllowed ||
    error instanceof errors.JOSENotSupported
  )
}

function checkParties({ audience, issuer }: VerifyParts, claims: JWTPayload): ClaimsVerdict {
  const audiences = Array.isArray(claims.aud) ? claims.aud : [claims.aud]
  if (audience !== undefined && !audiences.some((value) => meets(audience, value)))
    return invalid("aud is not the configured audience")
  if (issuer !== undefined && !meets(issuer, claims.iss)) return invalid("iss is not the configured issuer")
  return { kind: "ok", claims }
}

function meets(expected: readonly Expectation[], value: unknown): boolean {
  if (typeof value !== "string") return false
  return expected.some((one) => (typeof one === "string" ? one === value : fitsWhole(one, value)))
}

const fitsWhole = ({ source, flags }: RegExp, value: string): boolean =>
  new RegExp(`^(?:${source})$`, flags.replaceAll(/[gy]/g, "")).test(value)

function invalid(why: string): { readonly kind: "invalid"; readonly why: string } {
  return { kind: "invalid", why }
}
