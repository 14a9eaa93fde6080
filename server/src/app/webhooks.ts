import type { Config } from "../config/schema.ts"
import type { Clock } from "../core/clock.ts"
import { type Apps, type BackEndEvents, kindOf } from "../protocols/pusher/pusher.ts"
import type { Log } from "../telemetry/log.ts"
import { ChannelWatch, WATCH_EVERY_MS, type WatchedChannel } from "../webhooks/channel-watch.ts"
import type { EndpointStats, WebhookEndpoint } from "../webhooks/event.ts"
import { Webhooks } from "../webhooks/webhooks.ts"
import type { Node } from "./node.ts"

/** Events kept for an endpoint that takes none. */
const MAX_WAITING = 100_000
const REQUEST_TIMEOUT_MS = 10_000

export interface AppWebhooks {
  readonly webhooks: Webhooks
  readonly backEnd: BackEndEvents
  /** @returns stops it; what is undelivered is kept */
  start(): () => Promise<void>
}

export interface WebhookParts {
  readonly config: Config
  readonly node: Node
  readonly apps: Apps
  readonly clock: Clock
  readonly log: Log
}

/** Undefined: no app wants any. */
export function createWebhooks({ config, node, apps, clock, log }: WebhookParts): AppWebhooks | undefined {
  const endpoints = config.pusherApps.flatMap(endpointsOf)
  if (endpoints.length === 0) return undefined
  const webhooks = new Webhooks({
    dataDir: config.data,
    endpoints,
    clock,
    log: log.child({ part: "webhooks" }),
    onTold: (told) => watch.restore(told),
  })
  const listening = new Set(endpoints.map(({ appId }) => appId))
  const watch = new ChannelWatch({
    describe: (coreChannel) => describe(apps, listening, coreChannel),
    add: (event, told) => webhooks.add(event, told),
    nowMs: () => clock.nowMs(),
  })
  node.channels.observe(watch)
  return {
    webhooks,
    backEnd: {
      cacheMiss: (appId, channel) => watch.cacheMiss(appId, channel),
      clientEvent: ({ appId, channel, event, data, socketId, userId }) => {
        const user = userId === undefined ? {} : { user_id: userId }
        const fields = { event, data, socket_id: socketId, ...user }
        webhooks.add({ appId, name: "client_event", channel, fields })
      },
    },
    start: () => {
      webhooks.start()
      const stopTicking = clock.every(WATCH_EVERY_MS, () => watch.tick())
      return () => {
        stopTicking()
        return webhooks.stop()
      }
    },
  }
}

/** Every app in numbers, its endpoints together. */
export function pusherFigures(apps: Apps, webhooks: Webhooks | undefined): Map<string, Record<string, number>> {
  const stats = webhooks?.stats.endpoints ?? []
  return new Map(
    apps.all.map((app) => {
      const own = stats.filter(({ appId }) => appId === app.id)
      const sum = (figure: (one: EndpointStats) => number) => own.reduce((total, one) => total + figure(one), 0)
      const figures = {
        connections: app.connections,
        webhooks_waiting: sum(({ waiting }) => waiting),
        webhooks_oldest_seconds: Math.max(0, ...own.map(({ oldestMs }) => oldestMs / 1_000)),
        webhooks_delivered: sum(({ delivered }) => delivered),
        webhooks_failed_requests: sum(({ failedRequests }) => failedRequests),
        webhooks_dropped: sum(({ dropped }) => dropped),
        webhooks_failing: own.filter(({ failures }) => failures > 0).length,
      }
      return [app.id, figures]
    }),
  )
}

function describe(apps: Apps, listening: ReadonlySet<string>, coreChannel: string): WatchedChannel | undefined {
  const shown = apps.shown(coreChannel)
  if (!shown || !listening.has(shown.app.id)) return undefined
  const { app, channel } = shown
  const hasMembers = kindOf(channel).access === "presence"
  return { appId: app.id, channel, hasMembers, tellsCounts: app.options.subscriptionCount && !hasMembers }
}

function endpointsOf(app: Config["pusherApps"][number]): WebhookEndpoint[] {
  if (!app.enabled) return []
  return app.webhookUrls.map((url) => ({
    id: `${app.id} ${url}`,
    appId: app.id,
    url,
    key: app.key,
    secret: app.secret,
    events: app.webhookEvents,
    prefix: app.webhookPrefix ?? "",
    batch: app.webhookBatch,
    maxAgeMs: app.webhookMaxAgeMs,
    maxWaiting: MAX_WAITING,
    timeoutMs: REQUEST_TIMEOUT_MS,
  }))
}
