import { z } from "zod"
import type { Conflict } from "./conflict.ts"
import { duration, optionalText, text, texts } from "./fields.ts"
import { type callbackSchema, type SessionsSettings, sessionConflicts, sessionsSchema } from "./sessions.ts"

/** The site of `[sessions]` and `[callback]`. */
export const MAIN_SITE = "main"
/** A Pusher app whose users only its own back end knows. */
export const NO_SITE = "none"

/** One further site of `[[sites]]`: whose login sessions sign users in to the Pusher apps that name it. */
export const siteSchema = z.strictObject({
  name: text("What apps call it in `site`.", {
    expects: "1 to 40 letters, digits, _ or -; not main or none",
    pattern: /^(?!(main|none)$)[A-Za-z0-9_-]{1,40}$/,
    default: "",
    defaultNote: "must be given",
  }),
  ...sessionsSchema.shape,
  callbackUrl: optionalText("As `callback.url`: the address of this site that says whose cookies these are.", {
    expects: "an http(s) address",
    pattern: /^https?:\/\/\S+$/,
  }),
  callbackCookies: texts("As `callback.cookies`.", {
    default: [],
    expects: "a list of names of cookies",
    pattern: /^[^\s=;,]+$/,
  }),
  callbackTimeoutMs: duration("As `callback.timeout`. The other settings of `[callback]` count for this site too.", {
    default: "2s",
    min: "50ms",
    max: "30s",
  }),
})

export type SiteSettings = z.output<typeof siteSchema>

/** What says who somebody is on a site. */
export interface LoginSettings {
  readonly sessions: SessionsSettings
  readonly callback: z.output<typeof callbackSchema>
}

/** Nothing is configured that could say who somebody is. */
export const knowsNobody = ({ sessions, callback }: LoginSettings): boolean =>
  sessions.framework === "none" && callback.url === undefined

interface Sites {
  readonly sites: readonly SiteSettings[]
  readonly pusherApps?: readonly { readonly id: string; readonly site?: string | undefined }[] | undefined
}

/** What is wrong with the further sites, and with the names by which apps call them. */
export function siteConflicts({ sites, pusherApps = [] }: Sites): Conflict[] {
  const known = new Set<string>([MAIN_SITE, NO_SITE])
  const conflicts = sites.flatMap((site, index) => {
    const say = (text: string) => ({ names: ["sites"], text: `[${index}] (${site.name}): ${text}` })
    const found = sessionConflicts(site).map(({ names, text }) => say(`${names[0]?.replace("sessions.", "")} ${text}`))
    if (known.has(site.name)) found.push(say("there is another one of this name"))
    known.add(site.name)
    if (site.framework === "none" && site.callbackUrl === undefined)
      found.push(say("set framework or callback_url, or nobody is ever known there"))
    return found
  })
  for (const { id, site } of pusherApps)
    if (site !== undefined && !known.has(site))
      conflicts.push({
        names: ["pusher_apps"],
        text: `names the site "${site}" in the app ${id}: no [[sites]] is called so`,
      })
  return conflicts
}
