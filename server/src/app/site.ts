import { byCallback, SiteCallback } from "../auth/callback/callback.ts"
import { firstOf } from "../auth/identify.ts"
import { openSiteSessions, type SiteSessions, type SiteSessionsParts } from "../auth/php/site-sessions.ts"
import { isOfSession, siteMark, siteMarkIn } from "../chat/session/endings.ts"
import type { Settings } from "../config/schema.ts"
import type { Clock } from "../core/clock.ts"
import { CLOSE } from "../core/close-codes.ts"
import type { Connection } from "../core/connection.ts"
import type { Hub } from "../core/hub.ts"
import type { Logger } from "../core/logger.ts"
import type { HandshakeIdentity } from "../core/tokens.ts"
import type { ChatStore } from "../store/contract.ts"

/** More than the clocks of two nodes differ by. */
const TOKEN_MARGIN_MS = 60_000

/** What the site itself knows of its visitors: the login sessions it keeps, and what it answers when asked. */
export interface Site {
  readonly sessions: SiteSessions | undefined
  readonly callback: SiteCallback | undefined
  /** The sessions first, as they cost the site nothing. */
  readonly identity: HandshakeIdentity
  /** Forgets what is remembered of a session or a user: its login was ended, or the user's rights have changed. */
  forget(about: { readonly userId?: string; readonly sessionId?: string }): void
  /** Whether the end of a session of the site would be noticed by this process. @param mark - `siteMark` of its name */
  watches(mark: string): boolean
  start(): void
  stop(): Promise<void>
}

export type SiteParts = SiteSessionsParts

/** @throws Error for settings that do not go together; keys are not shown */
export async function createSite(config: Pick<Settings, "sessions" | "callback">, parts: SiteParts): Promise<Site> {
  const { framework } = config.sessions
  const sessions = framework === "none" ? undefined : await openSiteSessions({ ...config.sessions, framework }, parts)
  const { url } = config.callback
  const warn = (text: string) => parts.log.warn({}, text)
  const callback = url === undefined ? undefined : new SiteCallback({ ...config.callback, url }, parts.clock, warn)
  return {
    sessions,
    callback,
    identity: firstOf([...(sessions ? [sessions.strategy] : []), ...(callback ? [byCallback(callback)] : [])]),
    forget({ userId, sessionId }) {
      if (userId !== undefined) callback?.forgetUser(userId)
      if (sessionId === undefined) return
      callback?.forgetSession(sessionId)
      // Logins of the chat that came from it; the others are closed by who called.
      parts.end(sessionId)
    },
    watches: (mark) => sessions?.watches(mark) ?? false,
    start: () => sessions?.start(),
    stop: async () => sessions?.stop(),
  }
}

/**
 * The connections of this node by the login they were made with: the site's session itself, or a login of the chat that
 * came from it, whose token would open the next connection if it were not ended too.
 */
export function siteConnections(
  hub: Hub,
  store: Pick<ChatStore, "endSession"> | undefined,
  clock: Clock,
  log: Pick<Logger, "warn">,
): Pick<SiteParts, "openSessions" | "end" | "markOf"> {
  const endLogin = async ({ identity, outlet }: Connection): Promise<void> => {
    const { sessionId, expiresAtMs } = identity
    const nowMs = clock.nowMs()
    const untilMs = (expiresAtMs ?? nowMs) + TOKEN_MARGIN_MS
    try {
      if (sessionId !== undefined) await store?.endSession({ sessionId, untilMs, nowMs })
    } catch (error) {
      log.warn({ cause: String(error) }, "a login of the site that ended is not remembered as ended")
    } finally {
      outlet.close(CLOSE.expired)
    }
  }
  return {
    markOf: siteMark,
    openSessions: () => {
      const ids = new Set([...hub.all()].flatMap(({ identity }) => identity.sessionId ?? []))
      const marks = new Set([...ids].map((id) => siteMarkIn(id)))
      return { has: (sessionId) => ids.has(sessionId) || marks.has(siteMark(sessionId)) }
    },
    end(sessionId) {
      // Clients come back from this by themselves and are asked anew who they are.
      for (const connection of [...hub.all()]) {
        if (connection.identity.sessionId === sessionId) connection.outlet.close(CLOSE.expired)
        else if (isOfSession(connection.identity.sessionId, sessionId)) void endLogin(connection)
      }
    },
  }
}
