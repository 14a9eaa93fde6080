import type { Config } from "../config/config.ts"
import { MAIN_SITE } from "../config/sites.ts"
import { namedSites } from "./named-sites.ts"
import { createSite, type Site, type SiteParts } from "./site.ts"

/** The site the server belongs to, and those whose Pusher apps it serves besides. */
export interface Sites {
  readonly main: Site
  /** By name, the main one included. */
  readonly byName: ReadonlyMap<string, Site>
  /** As `Site.forget`, wherever it may be remembered. */
  readonly forget: Site["forget"]
  start(): void
  stop(): Promise<void>
}

/** @throws Error as `createSite`; the text names the site. What was opened before is closed. */
export async function createSites(config: Config, parts: SiteParts): Promise<Sites> {
  const [mainSettings, ...others] = namedSites(config)
  const main = await createSite(mainSettings, parts)
  const byName = new Map([[MAIN_SITE, main]])
  const stop = async () => {
    for (const site of byName.values()) await site.stop()
  }
  for (const settings of others) {
    try {
      byName.set(settings.name, await createSite(settings, parts))
    } catch (error) {
      await stop()
      throw new Error(`the site "${settings.name}": ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  return {
    main,
    byName,
    forget(about) {
      for (const site of byName.values()) site.forget(about)
    },
    start() {
      for (const site of byName.values()) site.start()
    },
    stop,
  }
}
