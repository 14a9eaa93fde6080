import type { Identity, ServerSubscription } from "../core/connection.ts"
import type { JsonText } from "../core/publication.ts"
import type { SubscriptionGrant } from "../core/tokens.ts"

/** Signed, but not what we read. The message is the `why` of the verdict. */
export class ClaimError extends Error {
  override readonly name = "ClaimError"
}

type Claims = Readonly<Record<string, unknown>>

/** @throws ClaimError */
export function identityOf(claims: Claims): Identity {
  if (claims.channel !== undefined)
    throw new ClaimError("has a channel claim: this is a subscription token, a connection token is needed here")
  const info = jsonClaim(claims, "info", "b64info")
  const expiresAtMs = expiryOf(claims)
  const channels = serverSubscriptions(claims)
  const sessionId = optionalString(claims, "sid")
  return {
    userId: userOf(claims),
    ...(info === undefined ? {} : { info }),
    ...(expiresAtMs === undefined ? {} : { expiresAtMs, clientRefreshes: true }),
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(channels.length === 0 ? {} : { channels }),
  }
}

/** @throws ClaimError */
export function grantOf(claims: Claims): SubscriptionGrant {
  const info = jsonClaim(claims, "info", "b64info")
  const data = jsonClaim(claims, "data", "b64data")
  const expiresAtMs = expiryOf(claims)
  return {
    ...(info === undefined ? {} : { info }),
    ...(data === undefined ? {} : { data }),
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
  }
}

/** The user a token is about; absent means anonymous. @throws ClaimError */
export function userOf(claims: Claims): string {
  const { sub } = claims
  if (sub === undefined) return ""
  if (typeof sub === "string") return sub
  throw new ClaimError(`sub must be a string, got ${nameOf(sub)} (in PHP: 'sub' => (string) $user->id)`)
}

/** @throws ClaimError */
export function optionalString(claims: Claims, name: string): string | undefined {
  const value = claims[name]
  if (value === undefined || value === null || value === "") return undefined
  if (typeof value === "string") return value
  throw new ClaimError(`${name} must be a string, got ${nameOf(value)}`)
}

/** `expire_at` overrides `exp`; its 0 means that what the token opened never expires although the token does. */
function expiryOf(claims: Claims): number | undefined {
  const { expire_at: own, exp } = claims
  if (own === undefined || own === null) return typeof exp === "number" ? exp * 1000 : undefined
  if (typeof own !== "number" || !Number.isFinite(own) || own < 0)
    throw new ClaimError(`expire_at must be Unix seconds or 0, got ${nameOf(own)}`)
  return own === 0 ? undefined : own * 1000
}

function serverSubscriptions(claims: Claims): ServerSubscription[] {
  const byChannel = new Map<string, ServerSubscription>()
  for (const channel of channelList(claims.channels)) byChannel.set(channel, { channel })
  for (const [channel, options] of Object.entries(objectClaim(claims.subs, "subs"))) {
    const entry = objectClaim(options, `subs of ${channel}`)
    // Passed over, it would show somebody's presence who was to be hidden.
    if (Object.keys(objectClaim(entry.override, `override of ${channel}`)).length > 0)
      throw new ClaimError(`subs of ${channel} has an override: what a channel allows is decided by its rule alone`)
    const info = jsonClaim(entry, "info", "b64info")
    const data = jsonClaim(entry, "data", "b64data")
    byChannel.set(channel, {
      channel,
      ...(info === undefined ? {} : { info }),
      ...(data === undefined ? {} : { data }),
    })
  }
  return [...byChannel.values()]
}

function channelList(value: unknown): string[] {
  if (value === undefined || value === null) return []
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value
  throw new ClaimError("channels must be a list of strings")
}

function objectClaim(value: unknown, name: string): Claims {
  if (value === undefined || value === null) return {}
  // PHP's json_encode writes an empty array as [].
  if (Array.isArray(value) && value.length === 0) return {}
  if (typeof value === "object" && !Array.isArray(value)) return value as Claims
  throw new ClaimError(`${name} must be an object, got ${nameOf(value)}`)
}

/** A claim any JSON may stand in, or its base64 twin for signers that cannot nest JSON. */
function jsonClaim(claims: Claims, name: string, base64Name: string): JsonText | undefined {
  const encoded = optionalString(claims, base64Name)
  if (encoded !== undefined) return decodedJson(encoded, base64Name)
  const value = claims[name]
  return value === undefined || value === null ? undefined : JSON.stringify(value)
}

/** It is embedded in frames as it stands, so it has to be JSON. */
function decodedJson(encoded: string, name: string): JsonText {
  const text = Buffer.from(encoded, "base64").toString("utf8")
  try {
    return JSON.stringify(JSON.parse(text))
  } catch {
    throw new ClaimError(`${name} must be base64 of JSON`)
  }
}

function nameOf(value: unknown): string {
  if (value === null) return "null"
  return Array.isArray(value) ? "a list" : `a ${typeof value}`
}
