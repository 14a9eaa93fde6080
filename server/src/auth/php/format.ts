import type { StoredSession } from "./store.ts"
import type { PhpArray } from "./value.ts"

/** How one site writes its sessions: from the cookie's value to the session's variables. Pure. */
export interface SessionFormat {
  readonly cookieName: string
  /** The session id that the cookie's value (percent-decoded) stands for. Undefined: it is none of this site's. */
  idOf(cookieValue: string): string | undefined
  /** Where the store has that session. Only made of ids that `idOf` let through. */
  keyOf(id: string): string
  /** Set when the session itself travels in a cookie: what the store would answer. */
  carried?(cookieHeader: string, id: string): StoredSession | undefined
  /**
   * The session's variables; "expired" when the site would not read it any more.
   *
   * @throws UnreadableBytes
   */
  decode(stored: StoredSession, nowMs: number): PhpArray | "expired"
}

/** Whether something last written then is past its life. Times the store does not tell never are. */
export function isPast(stored: StoredSession, lifetimeMs: number, nowMs: number): boolean {
  return stored.writtenAtMs !== undefined && stored.writtenAtMs < nowMs - lifetimeMs
}
