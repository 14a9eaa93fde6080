import { createHash, timingSafeEqual } from "node:crypto"

/** The back end's keys. Comparing takes the same time whatever comes and whichever key fits. */
export interface ApiKeys {
  matches(candidate: string): boolean
  /** Whether a request carries one of the keys, in any of the places `apiKeysOf` reads. */
  inRequest(headers: Headers, url: URL): boolean
}

/** @param keys - the current one and those being rotated out; none: nothing matches */
export function createApiKeys(keys: readonly string[]): ApiKeys {
  if (keys.includes("")) throw new Error("an API key is empty: anyone could use it")
  const digests = keys.map(digest)
  const matches = (candidate: string): boolean => {
    const given = digest(candidate)
    // Every key is compared, so that the time taken does not say which one fits.
    return digests.filter((known) => timingSafeEqual(known, given)).length > 0
  }
  return { matches, inRequest: (headers, url) => apiKeysOf(headers, url).some(matches) }
}

/** What a request offers as API key: `X-API-Key`, `Authorization: apikey …` or `Bearer …`, `?api_key=`. */
export function apiKeysOf(headers: Headers, url: URL): string[] {
  const authorization = /^(?:apikey|bearer)\s+(\S+)\s*$/i.exec(headers.get("authorization") ?? "")
  const found = [headers.get("x-api-key"), authorization?.[1], url.searchParams.get("api_key")]
  return found.filter((key): key is string => typeof key === "string" && key !== "")
}

/** Hashed first: digests have one length, so the length of a key cannot be measured either. */
function digest(key: string): Buffer {
  return createHash("sha256").update(key).digest()
}
