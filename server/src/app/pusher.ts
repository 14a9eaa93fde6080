import { randomBytes } from "node:crypto"
import type { Config } from "../config/config.ts"
import type { Clock } from "../core/clock.ts"
import { OriginPolicy } from "../gateway/origin.ts"
import {
  type AppOptions,
  type AppSessions,
  Apps,
  type BackEndEvents,
  createPusher,
  DEFAULT_APP_LIMITS,
  type Pusher,
  type PusherConfig,
  type PusherEncoders,
  pusherEncoders,
  pusherRules,
} from "../protocols/pusher/pusher.ts"
import type { Log } from "../telemetry/log.ts"
import type { Node } from "./node.ts"
import type { Sites } from "./sites.ts"

/** The apps and what core needs of them before it exists. */
export interface PusherBeginnings {
  readonly apps: Apps
  readonly encoders: PusherEncoders
  readonly rules: ReturnType<typeof pusherRules>
}

export function beginPusher({ pusher, pusherApps }: Config): PusherBeginnings {
  const options = pusher.enabled ? pusherApps.map(appOptions) : []
  const apps = new Apps(options)
  return { apps, encoders: pusherEncoders(apps, pusher.defaultEvent), rules: pusherRules(options) }
}

export interface PusherSurroundings {
  readonly config: Config
  readonly node: Node
  readonly sites: Sites
  /** Absent: no app has webhooks. */
  readonly backEnd: BackEndEvents | undefined
  readonly clock: Clock
  readonly log: Log
}

export function createPusherOf(
  { apps, encoders, rules }: PusherBeginnings,
  { config, node, sites, backEnd, clock, log }: PusherSurroundings,
): Pusher {
  return createPusher({
    apps,
    encoders,
    channels: node.channels,
    fanout: node.fanout,
    clock,
    log: log.child({ part: "pusher" }),
    config: pusherConfig(config),
    ownRules: new Set(rules),
    sessions: appSessions(config, node, sites),
    ...(backEnd === undefined ? {} : { backEnd }),
    randomNumber: () => randomBytes(6).readUIntBE(0, 6),
  })
}

function pusherConfig({ pusher, limits }: Config): PusherConfig {
  return {
    pathPrefix: pusher.pathPrefix,
    activityTimeoutSeconds: Math.ceil(pusher.activityTimeoutMs / 1_000),
    pingIntervalMs: limits.pingIntervalMs,
    pongTimeoutMs: limits.pongTimeoutMs,
    defaultEvent: pusher.defaultEvent,
    clockToleranceMs: pusher.clockToleranceMs,
    maxFrameBytes: limits.maxFrameBytes,
    maxBodyBytes: limits.maxRequestBytes,
    messagesPerSecond: limits.messagesPerSecond,
    messageBurst: limits.messageBurst,
    subscribesPerSecond: limits.subscribesPerSecond,
    subscribeBurst: limits.subscribeBurst,
  }
}

function appOptions(app: Config["pusherApps"][number]): AppOptions {
  return {
    ...app,
    keys: [{ key: app.key, secret: app.secret }, ...app.moreKeys.map(keyAndSecret)],
    allowsOrigin: allowsOrigin(app.origins),
    terminateCode: app.terminate === "stop" ? 4009 : 4200,
    limits: { ...DEFAULT_APP_LIMITS, ...app },
  }
}

/** Apps whose users are known by logins of a site. */
function appSessions({ pusherApps }: Config, node: Node, sites: Sites): Map<string, AppSessions> {
  const known = new Map<string, AppSessions>()
  for (const app of pusherApps) {
    const site = sites.byName.get(app.site)
    if (!site) continue
    // Cookies come along here: "any page" is no answer, as it is where the app key alone counts.
    const origins = app.origins.includes("*") ? node.origins : new OriginPolicy(app.origins)
    known.set(app.id, {
      identity: site.identity,
      ownChannels: app.ownChannels,
      allowsOrigin: (headers) => origins.allows(headers),
    })
  }
  return known
}

function allowsOrigin(origins: readonly string[]) {
  const policy = new OriginPolicy(origins)
  return (headers: Headers) => policy.allows(headers)
}

function keyAndSecret(pair: string) {
  const colon = pair.indexOf(":")
  return { key: pair.slice(0, colon), secret: pair.slice(colon + 1) }
}
