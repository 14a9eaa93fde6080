export const SESSION_COOKIE = "skein_session"

/** The value of a cookie in a request, undefined when it is not there. */
export function cookieOf(headers: Headers, name: string): string | undefined {
  for (const pair of (headers.get("cookie") ?? "").split(";")) {
    const equals = pair.indexOf("=")
    if (equals > 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim()
  }
  return undefined
}

/** `Set-Cookie` for a login: out of reach of scripts, not sent along by other sites' requests. */
export function loginCookie(value: string, maxAgeMs: number, secure: boolean): string {
  return attributes(value, Math.max(0, Math.floor(maxAgeMs / 1000)), secure)
}

export const clearedCookie = (secure: boolean): string => attributes("", 0, secure)

const attributes = (value: string, maxAgeSeconds: number, secure: boolean): string =>
  `${SESSION_COOKIE}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${secure ? "; Secure" : ""}`
