import { hash, timingSafeEqual } from "node:crypto"

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

/** What a request offers as API key and can be nothing else: `X-API-Key`, `Authorization: apikey …`, `?api_key=`. */
export function explicitApiKeysOf(headers: Headers, url: URL): string[] {
  return present([headers.get("x-api-key"), credentials(headers, "apikey"), url.searchParams.get("api_key")])
}

/** What a request may mean as API key: the above, and `Authorization: Bearer …`, which can also be a token. */
export function apiKeysOf(headers: Headers, url: URL): string[] {
  return [...explicitApiKeysOf(headers, url), ...present([credentials(headers, "bearer")])]
}

function credentials(headers: Headers, scheme: string): string | undefined {
  const [given, key] = (headers.get("authorization") ?? "").trim().split(/\s+/)
  return given?.toLowerCase() === scheme ? key : undefined
}

function present(keys: readonly (string | null | undefined)[]): string[] {
  return keys.filter((key): key is string => typeof key === "string" && key !== "")
}

/** Hashed first: digests have one length, so the length of a key cannot be measured either. */
function digest(key: string): Buffer {
  return hash("sha256", key, "buffer")
}
