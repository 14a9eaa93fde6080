import type { Strategy } from "../identify.ts"
import { identityOf } from "../person.ts"
import type { KnownPerson, Nobody, PhpSessions } from "./sessions.ts"
import { reasonOf } from "./stores/outage.ts"
import type { SessionWatcher } from "./watcher.ts"

/** What the strategy reads, and what it tells. */
export interface PhpSessionStrategyOptions {
  readonly sessions: PhpSessions
  /** Undefined: sessions travel in cookies, and nothing tells when they end. */
  readonly watcher: SessionWatcher | undefined
  /** Told about cookies of the site by which nobody is logged in; not about visitors without any cookie. */
  readonly log: (nobody: Nobody) => void
  /** Told why the store cannot be asked, once until it can. */
  readonly warn: (text: string) => void
}

/**
 * The login session of the PHP site, read where PHP keeps it. When nobody is logged in, the next strategy is asked.
 *
 * @throws SkeinError `internal` (temporary) when the store cannot be asked: a member is never taken for a guest
 */
export function byPhpSession({ sessions, watcher, log, warn }: PhpSessionStrategyOptions): Strategy {
  let isFailing = false
  const whoIs = async (cookieHeader: string | null): Promise<KnownPerson | Nobody> => {
    try {
      const who = await sessions.whoIs(cookieHeader)
      isFailing = false
      return who
    } catch (error) {
      if (!isFailing) warn(reasonOf(error))
      isFailing = true
      throw error
    }
  }
  return async ({ headers }) => {
    const who = await whoIs(headers.get("cookie"))
    if (who.kind === "nobody") {
      if (who.reason !== "no_cookie") log(who)
      return undefined
    }
    const { person, sessionId, key } = who
    if (key !== undefined) watcher?.add({ sessionId, key, userId: person.userId })
    return identityOf(person, sessionId)
  }
}
