import type { ChannelRule } from "../core/rules.ts"
import { DEVELOPMENT_RULES, toChannelRule } from "./channel-rules.ts"
import { type PusherAppSettings, pusherAppSchema } from "./pusher.ts"
import type { Settings } from "./schema.ts"
import { knowsNobody, MAIN_SITE, NO_SITE } from "./sites.ts"

type Closed<T, K extends keyof T> = Omit<T, K> & { [P in K]-?: Exclude<T[P], undefined> }

/** What the program runs with: nothing left open. Secrets come from the configuration or from the data folder. */
export type Config = Omit<
  Closed<Settings, "mode">,
  "auth" | "channels" | "limits" | "chat" | "plain" | "pusherApps"
> & {
  auth: Closed<Settings["auth"], "sessionSecret" | "guests" | "trustUserId" | "allowAnonymous">
  channels: readonly ChannelRule[]
  limits: Closed<Settings["limits"], "maxConnectionsPerUser">
  pusherApps: readonly Closed<PusherAppSettings, "sharesChannels" | "site">[]
  chat: Closed<Settings["chat"], "createRooms">
  plain: Closed<Settings["plain"], "createRooms">
}

/** What the data folder adds when the configuration names no keys. */
export interface Secrets {
  readonly tokenHmacSecret: string
  readonly apiKey: string
  readonly sessionSecret: string
  /** Of the Pusher app that is there when none is configured. */
  readonly pusherKey: string
  readonly pusherSecret: string
}

export type Mode = Config["mode"]

/** In production: devices and pages of one person. On one's own machine a load test is one user. */
const CONNECTIONS_PER_USER = 64

/** Fills in what depends on the mode and on the secrets. Pure. */
export function closeSettings(settings: Settings, mode: Mode, secrets: Secrets): Config {
  const development = mode === "development"
  const where = development ? "loopback" : "off"
  const { auth, limits, chat, plain } = settings
  return {
    ...settings,
    mode,
    auth: {
      ...auth,
      tokenHmacSecrets: auth.tokenHmacSecrets.length > 0 ? auth.tokenHmacSecrets : [secrets.tokenHmacSecret],
      apiKeys: auth.apiKeys.length > 0 ? auth.apiKeys : [secrets.apiKey],
      sessionSecret: auth.sessionSecret ?? secrets.sessionSecret,
      guests: auth.guests ?? where,
      trustUserId: auth.trustUserId ?? where,
      allowAnonymous: auth.allowAnonymous ?? development,
    },
    channels: settings.channels?.map(toChannelRule) ?? (development ? DEVELOPMENT_RULES : []),
    limits: {
      ...limits,
      maxConnectionsPerUser:
        limits.maxConnectionsPerUser ?? (development ? limits.maxConnections : CONNECTIONS_PER_USER),
    },
    pusherApps: closePusherApps(settings, secrets),
    chat: { ...chat, createRooms: chat.createRooms ?? (development ? "anyone" : "users") },
    plain: { ...plain, createRooms: plain.createRooms ?? development },
  }
}

function closePusherApps(settings: Settings, { pusherKey, pusherSecret }: Secrets): Config["pusherApps"] {
  const { pusher, pusherApps, sessions, callback } = settings
  const { appId, appKey = pusherKey, appSecret = pusherSecret } = pusher
  const all = pusherApps ?? [pusherAppSchema.parse({ id: appId, key: appKey, secret: appSecret })]
  const hasMainSite = !knowsNobody({ sessions, callback })
  return all.map((app) => {
    const sharesChannels = app.sharesChannels ?? all.length === 1
    return { ...app, sharesChannels, site: app.site ?? (sharesChannels && hasMainSite ? MAIN_SITE : NO_SITE) }
  })
}
