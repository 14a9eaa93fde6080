import type { Config } from "../config/config.ts"
import type { Clock } from "../core/clock.ts"
import { type Apps, type BackEndEvents, kindOf } from "../protocols/pusher/pusher.ts"
import type { Log } from "../telemetry/log.ts"
import { ChannelWatch, WATCH_EVERY_MS, type WatchedChannel } from "../webhooks/channel-watch.ts"
import type { WebhookEndpoint } from "../webhooks/event.ts"
import { Webhooks } from "../webhooks/webhooks.ts"
import type { Node } from "./node.ts"

/** Events kept for an endpoint that takes none. */
const MAX_WAITING = 100_000
const MAX_WAITING_BYTES = 256 * 1_024 * 1_024
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

/** Undefined: no app has webhooks. */
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
    maxWaitingBytes: MAX_WAITING_BYTES,
    timeoutMs: REQUEST_TIMEOUT_MS,
  }))
}
