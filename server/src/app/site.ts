import { byCallback, SiteCallback } from "../auth/callback/callback.ts"
import type { Strategy } from "../auth/identify.ts"
import { openSiteSessions, type SiteSessions, type SiteSessionsParts } from "../auth/php/site-sessions.ts"
import type { Settings } from "../config/schema.ts"
import { CLOSE } from "../core/close-codes.ts"
import type { Hub } from "../core/hub.ts"

/** What the site itself knows of its visitors: the login sessions it keeps, and what it answers when asked. */
export interface Site {
  readonly sessions: SiteSessions | undefined
  readonly callback: SiteCallback | undefined
  /** For handshakes: the sessions first, as they cost the site nothing. */
  readonly strategies: readonly Strategy[]
  /** A session was ended, or its user's rights: what was remembered of it is not true any more. */
  forget(about: { readonly userId?: string; readonly sessionId?: string }): void
  start(): void
  stop(): Promise<void>
}

export type SiteParts = SiteSessionsParts

/** @throws Error for settings that do not go together; keys are not shown */
export async function createSite(config: Pick<Settings, "sessions" | "callback">, parts: SiteParts): Promise<Site> {
  const { framework } = config.sessions
  const sessions = framework === "none" ? undefined : await openSiteSessions({ ...config.sessions, framework }, parts)
  const { url } = config.callback
  const warn = (text: string) => parts.log.warn(text)
  const callback = url === undefined ? undefined : new SiteCallback({ ...config.callback, url }, parts.clock, warn)
  return {
    sessions,
    callback,
    strategies: [...(sessions ? [sessions.strategy] : []), ...(callback ? [byCallback(callback)] : [])],
    forget({ userId, sessionId }) {
      if (userId !== undefined) callback?.forgetUser(userId)
      if (sessionId !== undefined) callback?.forgetSession(sessionId)
    },
    start: () => sessions?.start(),
    stop: async () => sessions?.stop(),
  }
}

/** The connections of this node, by the login they were made with. */
export function connectionsOf(hub: Hub): Pick<SiteParts, "openSessions" | "end"> {
  return {
    openSessions: () => new Set([...hub.all()].flatMap(({ identity }) => identity.sessionId ?? [])),
    end(sessionId) {
      // Clients come back from this by themselves and are asked anew who they are.
      for (const connection of [...hub.all()])
        if (connection.identity.sessionId === sessionId) connection.outlet.close(CLOSE.expired)
    },
  }
}
