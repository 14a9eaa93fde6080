import { readFileSync } from "node:fs"
import type { JSONWebKeySet } from "jose"
import type { Expectation, JwksOptions, TokenKeyOptions, TokenOptions } from "../auth/options.ts"
import { UnusableKey } from "../auth/unusable-key.ts"
import type { Config } from "../config/config.ts"
import { ownClaims } from "../config/own-claims.ts"

type AuthSettings = Config["auth"]

/** What tokens are checked with, from the settings. @throws UnusableKey when the JWKS file cannot be used */
export function tokenOptions(auth: AuthSettings): TokenOptions {
  const subscriptionKeys = subscriptionKeysOf(auth)
  const own = ownClaims(auth)
  const audience = expectations(own.aud, auth.audiencePattern)
  const issuer = expectations(own.iss, auth.issuerPattern)
  return {
    keys: {
      hmacSecrets: auth.tokenHmacSecrets,
      publicKeys: auth.tokenPublicKeys,
      jwks: [...remote(auth.jwksUrl), ...(auth.jwksFile === undefined ? [] : [{ set: readKeySet(auth.jwksFile) }])],
    },
    ...(subscriptionKeys === undefined ? {} : { subscriptionKeys }),
    ...(audience.length === 0 ? {} : { audience }),
    ...(issuer.length === 0 ? {} : { issuer }),
  }
}

/** Undefined: none of their own. */
function subscriptionKeysOf(auth: AuthSettings): TokenKeyOptions | undefined {
  const hmacSecrets = auth.subscriptionTokenHmacSecrets
  const publicKeys = auth.subscriptionTokenPublicKeys
  const jwks = remote(auth.subscriptionJwksUrl)
  return hmacSecrets.length + publicKeys.length + jwks.length > 0 ? { hmacSecrets, publicKeys, jwks } : undefined
}

const remote = (url: string | undefined): JwksOptions[] => (url === undefined ? [] : [{ url }])

const expectations = (exact: string | undefined, pattern: string | undefined): Expectation[] => [
  ...(exact === undefined ? [] : [exact]),
  ...(pattern === undefined ? [] : [new RegExp(pattern)]),
]

/** Whether it is one is seen when its keys are taken. */
function readKeySet(file: string): JSONWebKeySet {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as JSONWebKeySet
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new UnusableKey(`jwks_file ${file} cannot be read as JSON: ${why}`, { cause })
  }
}
