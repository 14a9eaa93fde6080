import type { Apps, RefusalRecord } from "../protocols/pusher/pusher.ts"
import type { EndpointStats } from "../webhooks/event.ts"
import type { WebhooksStats } from "../webhooks/webhooks.ts"

/** Longer ones are in the log. */
const MAX_WHY = 300

/** What an operator, and `skein doctor`, is told of the Pusher apps: `GET /metrics/pusher`. */
export interface PusherStatus {
  /** The latest first. */
  readonly refusals: readonly RefusalStatus[]
  /** Absent: no app has webhooks. */
  readonly webhooks?: {
    /** Events on their way to disk. */
    readonly unsaved: number
    /** Events that never got there. */
    readonly lost: number
    readonly endpoints: readonly EndpointStatus[]
  }
}

export interface RefusalStatus {
  /** Absent: no app of this server. */
  readonly app?: string
  readonly what: RefusalRecord["what"]
  readonly wrong: RefusalRecord["wrong"]
  /** Since the start. */
  readonly count: number
  readonly seconds_ago: number
  readonly why: string
}

export interface EndpointStatus {
  readonly app: string
  readonly url: string
  readonly waiting: number
  readonly oldest_seconds: number
  readonly delivered: number
  readonly failed_requests: number
  readonly dropped: number
  readonly failures_in_a_row: number
  readonly last_error?: string
}

/** Every app in numbers, its endpoints together. */
export function pusherFigures(
  apps: Apps,
  refusals: readonly RefusalRecord[],
  webhooks: WebhooksStats | undefined,
): Map<string, Record<string, number>> {
  const stats = webhooks?.endpoints ?? []
  return new Map(
    apps.all.map((app) => {
      const own = stats.filter(({ appId }) => appId === app.id)
      const sum = (figure: (one: EndpointStats) => number) => own.reduce((total, one) => total + figure(one), 0)
      const figures = {
        connections: app.connections,
        refusals: refusals.reduce((total, one) => total + (one.app === app.id ? one.count : 0), 0),
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

export function pusherStatus(
  refusals: readonly RefusalRecord[],
  webhooks: WebhooksStats | undefined,
  nowMs: number,
): PusherStatus {
  return {
    refusals: refusals.map((record) => refusalStatus(record, nowMs)),
    ...(webhooks === undefined
      ? {}
      : {
          webhooks: {
            unsaved: webhooks.unsaved,
            lost: webhooks.lost,
            endpoints: webhooks.endpoints.map(endpointStatus),
          },
        }),
  }
}

const refusalStatus = ({ app, what, wrong, count, lastAtMs, lastWhy }: RefusalRecord, nowMs: number) => ({
  ...(app === undefined ? {} : { app }),
  what,
  wrong,
  count,
  seconds_ago: Math.max(0, Math.round((nowMs - lastAtMs) / 1_000)),
  why: lastWhy.length > MAX_WHY ? `${lastWhy.slice(0, MAX_WHY)}…` : lastWhy,
})

const endpointStatus = (stats: EndpointStats): EndpointStatus => ({
  app: stats.appId,
  url: stats.url,
  waiting: stats.waiting,
  oldest_seconds: Math.round(stats.oldestMs / 1_000),
  delivered: stats.delivered,
  failed_requests: stats.failedRequests,
  dropped: stats.dropped,
  failures_in_a_row: stats.failures,
  ...(stats.lastError === undefined ? {} : { last_error: stats.lastError }),
})
