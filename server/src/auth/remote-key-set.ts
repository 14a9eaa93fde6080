import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from "jose"
import type { JwksOptions } from "./options.ts"

/** After a failed answer the address is left alone for this long, whatever tokens come. */
const FAILURE_PAUSE_MS = 2_000

type RemoteOptions = Extract<JwksOptions, { url: string }>

/** The site's or identity provider's keys by URL: cached, with a time-out, and never asked faster than agreed. */
export function remoteKeySet(options: RemoteOptions): JWTVerifyGetKey {
  return createRemoteJWKSet(new URL(options.url), {
    timeoutDuration: options.timeoutMs ?? 5_000,
    cacheMaxAge: options.cacheMaxAgeMs ?? 600_000,
    cooldownDuration: options.cooldownMs ?? 30_000,
    [customFetch]: pausingAfterFailure(),
  })
}

/** Without this every token of a reconnect storm would knock at an address that is down. */
function pausingAfterFailure(): typeof fetch {
  let failedAtMs = Number.NEGATIVE_INFINITY
  const ask = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    if (performance.now() - failedAtMs < FAILURE_PAUSE_MS) throw new Error("the JWKS address failed a moment ago")
    try {
      const response = await fetch(input, init)
      if (response.status !== 200) failedAtMs = performance.now()
      return response
    } catch (error) {
      failedAtMs = performance.now()
      throw error
    }
  }
  return ask as typeof fetch
}
