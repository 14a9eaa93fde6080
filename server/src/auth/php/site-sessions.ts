import type { Clock } from "../../core/clock.ts"
import type { Logger } from "../../core/logger.ts"
import type { Strategy } from "../identify.ts"
import { byPhpSession } from "./by-php-session.ts"
import { openStore } from "./open-store.ts"
import { PhpSessions } from "./sessions.ts"
import { formatOf, type PhpSessionSettings, pathsOf } from "./settings.ts"
import { SessionWatcher, type WatcherOptions } from "./watcher.ts"

/** What the sessions of a site are watched with. */
export interface SiteSessionsParts extends Pick<WatcherOptions, "openSessions" | "end" | "markOf"> {
  readonly clock: Clock
  readonly log: Pick<Logger, "info" | "warn">
}

/** The sessions of a PHP site, as a way of knowing who somebody is. */
export interface SiteSessions {
  readonly sessions: PhpSessions
  readonly strategy: Strategy
  /** Whether the end of a session would be noticed. @param mark - what tokens call the session */
  watches(mark: string): boolean
  /** Begins to notice logouts. */
  start(): void
  /** Also lets go of the store. */
  stop(): Promise<void>
}

/** @throws Error for settings that do not go together; keys are not shown */
export async function openSiteSessions(settings: PhpSessionSettings, parts: SiteSessionsParts): Promise<SiteSessions> {
  const { clock, log, openSessions, end, markOf } = parts
  const format = formatOf(settings)
  const warn = (text: string) => log.warn({}, text)
  const store = await openStore(settings, warn)
  const sessions = new PhpSessions({ format, store, paths: pathsOf(settings) }, clock)
  const { recheckIntervalMs, maxRechecksPerSecond } = settings
  const watcher =
    store &&
    new SessionWatcher({
      sessions,
      store,
      clock,
      recheckIntervalMs,
      maxRechecksPerSecond,
      openSessions,
      end,
      log: warn,
      ...(markOf === undefined ? {} : { markOf }),
    })
  let stopWatching: (() => void) | undefined
  return {
    sessions,
    strategy: byPhpSession({
      sessions,
      watcher,
      warn,
      log: ({ reason, why }) => log.info({ reason, why }, "nobody is logged in by a visitor's session cookie"),
    }),
    watches: (mark) => watcher?.watches(mark) ?? false,
    start() {
      stopWatching = watcher?.start()
    },
    async stop() {
      stopWatching?.()
      await store?.close()
    },
  }
}
