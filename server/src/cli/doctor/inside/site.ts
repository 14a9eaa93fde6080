import { type NamedSite, namedSites } from "../../../app/named-sites.ts"
import { readAnswer } from "../../../auth/callback/answers.ts"
import { ask } from "../../../auth/callback/ask.ts"
import { openStore } from "../../../auth/php/open-store.ts"
import { filesPlaceOf, type PhpSessionSettings } from "../../../auth/php/settings.ts"
import { reasonOf } from "../../../auth/php/stores/outage.ts"
import type { Settings } from "../../../config/schema.ts"
import { MAIN_SITE } from "../../../config/sites.ts"
import { type Finding, ok, problem } from "../finding.ts"
import { checkSessionFiles } from "./session-files.ts"

/** The sites' own word on who somebody is: the stores of their login sessions, and the addresses that are asked. */
export async function checkSites(settings: Settings): Promise<Finding[]> {
  const found = await Promise.all(
    namedSites(settings).map(async (site) => [...(await checkSessions(site)), ...(await checkCallback(site))]),
  )
  return found.flat()
}

/** `sessions` for the main site, `sites.club.sessions` for another. */
const about = ({ name }: NamedSite, what: string): string => (name === MAIN_SITE ? what : `sites.${name}.${what}`)

async function checkSessions(site: NamedSite): Promise<Finding[]> {
  const { framework, store } = site.sessions
  if (framework === "none") return []
  try {
    const opened = await openStore({ ...site.sessions, framework }, () => undefined)
    if (!opened) return [ok(about(site, "sessions"), "login sessions travel in cookies; no store is asked")]
    try {
      // A session nobody has: what counts is that the store answers.
      await opened.read(`skeindoctor${crypto.randomUUID().replaceAll("-", "")}`)
      if (store === "files" || store === "cache_files")
        return [checkSessionFiles(about(site, "sessions"), folderOf({ ...site.sessions, framework }))]
    } finally {
      await opened.close()
    }
    return [ok(about(site, "sessions"), `the store of the site's login sessions answers (${store})`)]
  } catch (error) {
    const where = site.name === MAIN_SITE ? "[sessions]" : `the site "${site.name}" of [[sites]]`
    return [
      problem(about(site, "sessions"), withoutPasswords(reasonOf(error)), {
        cause: SESSION_CAUSES[store],
        fix: `${SESSION_FIXES[store] ?? ""}correct ${where}; skein whoami --cookie '…' shows who a cookie is`,
      }),
    ]
  }
}

const folderOf = (settings: PhpSessionSettings): string => filesPlaceOf(settings).folder ?? "/var/lib/php/sessions"

const SESSION_CAUSES: Readonly<Record<Settings["sessions"]["store"], string>> = {
  files:
    "the folder is a different one, or this user may not enter it: PHP's sessions belong to its own user (www-data)",
  cache_files:
    "the folder is a different one, or this user may not enter it: ThinkPHP's files belong to PHP's user (www-data)",
  redis: "Redis is not reachable from here under redis_urls, or expects a different password",
  memcached: "memcached is not reachable from here under memcached_servers",
  database: "the database is not reachable from here under database_url, or has no such table",
  cookie: "the settings do not go together",
}

const SESSION_FIXES: Readonly<Record<string, string>> = {
  files: "run the server as the user PHP runs as, with the folder of session.save_path (php -i shows it), or ",
  redis: "start Redis (redis-cli ping says PONG), or ",
  memcached: "start memcached, or ",
  database: "start the database, or ",
}

async function checkCallback(site: NamedSite): Promise<Finding[]> {
  const { url, timeoutMs } = site.callback
  if (url === undefined) return []
  const place = withoutPasswords(url)
  try {
    const { status, body } = await ask({ url, timeoutMs }, "skein_doctor=1")
    const answer = readAnswer(status, body)
    if (answer.kind === "nobody")
      return [ok(about(site, "callback"), `${place} answers that a visitor without a login is not signed in`)]
    return [
      problem(about(site, "callback"), `${place} says that a visitor without a login is somebody`, {
        cause: "the page does not look at the cookies it is asked about",
        fix: "let it answer 401, or null, when nobody is logged in",
      }),
    ]
  } catch (error) {
    const setting = site.name === MAIN_SITE ? "callback.url" : `callback_url of the site "${site.name}"`
    return [
      problem(about(site, "callback"), `${place}: ${withoutPasswords(reasonOf(error))}`, {
        cause: `the site is not reachable from here under ${setting}, or answers with something else than JSON`,
        fix: `look at: curl -i ${place}`,
      }),
    ]
  }
}

/** Addresses of stores carry passwords, and errors repeat addresses. */
const withoutPasswords = (text: string): string =>
  text.replace(/\/\/[^/@\s]*@/g, "//…@").replace(/([?&](?:auth|password|token|key)=)[^&\s]*/gi, "$1…")
