import { type LoginSettings, MAIN_SITE, type SiteSettings } from "../config/sites.ts"

/** One site under the name that apps and commands call it by. */
export interface NamedSite extends LoginSettings {
  readonly name: string
}

/** The main site, for which nothing need be configured, and then those of `[[sites]]`. */
export function namedSites({
  sessions,
  callback,
  sites,
}: LoginSettings & { readonly sites: readonly SiteSettings[] }): [NamedSite, ...NamedSite[]] {
  const others = sites.map(
    ({ name, callbackUrl: url, callbackCookies: cookies, callbackTimeoutMs: timeoutMs, ...own }): NamedSite => ({
      name,
      sessions: own,
      callback: { ...callback, url, cookies, timeoutMs },
    }),
  )
  return [{ name: MAIN_SITE, sessions, callback }, ...others]
}
