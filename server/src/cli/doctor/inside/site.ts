import { accessSync, constants } from "node:fs"
import { readAnswer } from "../../../auth/callback/answers.ts"
import { ask } from "../../../auth/callback/ask.ts"
import { openStore } from "../../../auth/php/open-store.ts"
import { reasonOf } from "../../../auth/php/stores/outage.ts"
import type { Settings } from "../../../config/schema.ts"
import { type Finding, ok, problem } from "../finding.ts"

/** The site's own word on who somebody is: the store of its login sessions, and the address that is asked. */
export async function checkSite({ sessions, callback }: Settings): Promise<Finding[]> {
  return [...(await checkSessions(sessions)), ...(await checkCallback(callback))]
}

async function checkSessions(settings: Settings["sessions"]): Promise<Finding[]> {
  const { framework, store } = settings
  if (framework === "none") return []
  try {
    const opened = await openStore({ ...settings, framework }, () => undefined)
    if (!opened) return [ok("sessions", "login sessions travel in cookies; no store is asked")]
    try {
      if (store === "files" || store === "cache_files") accessSync(folderOf(settings), constants.X_OK)
      // A session nobody has: what counts is that the store answers.
      await opened.read(`skeindoctor${crypto.randomUUID().replaceAll("-", "")}`)
    } finally {
      await opened.close()
    }
    return [ok("sessions", `the store of the site's login sessions answers (${store})`)]
  } catch (error) {
    return [
      problem("sessions", withoutPasswords(reasonOf(error)), {
        cause: SESSION_CAUSES[store],
        fix: "correct [sessions]; skein whoami --cookie '…' shows who a cookie is",
      }),
    ]
  }
}

const folderOf = ({ folder }: Settings["sessions"]): string => folder ?? "/var/lib/php/sessions"

const SESSION_CAUSES: Readonly<Record<Settings["sessions"]["store"], string>> = {
  files: "the folder is another one, or this user may not enter it: PHP's sessions belong to its own user (www-data)",
  cache_files:
    "the folder is another one, or this user may not enter it: ThinkPHP's files belong to PHP's user (www-data)",
  redis: "Redis is not reachable from here under sessions.redis_urls, or wants another password",
  memcached: "memcached is not reachable from here under sessions.memcached_servers",
  database: "the database is not reachable from here under sessions.database_url, or has no such table",
  cookie: "the settings do not go together",
}

async function checkCallback({ url, timeoutMs }: Settings["callback"]): Promise<Finding[]> {
  if (url === undefined) return []
  const place = withoutPasswords(url)
  try {
    const { status, body } = await ask({ url, timeoutMs }, "skein_doctor=1")
    const answer = readAnswer(status, body)
    if (answer.kind === "nobody") return [ok("callback", `${place} answers: a visitor without a login is nobody`)]
    return [
      problem("callback", `${place} says that a visitor without a login is somebody`, {
        cause: "the page does not look at the cookies it is asked about",
        fix: "let it answer 401, or null, when nobody is logged in",
      }),
    ]
  } catch (error) {
    return [
      problem("callback", `${place}: ${withoutPasswords(reasonOf(error))}`, {
        cause: "the site is not reachable from here under callback.url, or answers with something else than JSON",
        fix: `look at: curl -i ${place}`,
      }),
    ]
  }
}

/** Addresses of stores carry passwords, and errors repeat addresses. */
const withoutPasswords = (text: string): string =>
  text.replace(/\/\/[^/@\s]*@/g, "//…@").replace(/([?&](?:auth|password|token|key)=)[^&\s]*/gi, "$1…")
