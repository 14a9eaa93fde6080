import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client"
import { errorCounts } from "../core/errors.ts"
import { limitCounts } from "../core/limits.ts"

/** Where the figures come from. Read when metrics are scraped, never while a frame is handled. */
export interface MetricSources {
  readonly connections: () => number
  readonly users: () => number
  readonly channels: () => number
  readonly isReady: () => boolean
  /** Ended WebSockets by close code; `client`: codes that only the client knows the meaning of. */
  readonly closes: () => ReadonlyMap<number | "client", number>
  /** Connections not let in, by HTTP status. */
  readonly admissionRefusals: () => ReadonlyMap<number, number>
  /** Numbers of the broker by name (snake_case), e.g. `queued_publications`. */
  readonly broker: () => Readonly<Record<string, number>>
  /** Numbers of each Pusher app by name (snake_case), e.g. `webhooks_waiting`. */
  readonly pusherApps: () => ReadonlyMap<string, Readonly<Record<string, number>>>
}

/** All metrics as one document. */
export interface Metrics {
  readonly contentType: string
  text(): Promise<string>
}

/** Prometheus metrics, all beginning with `skein_`. */
export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: "skein_" })
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: `skein_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(read())
      },
    })
  gauge("connections", "Open connections of this node", sources.connections)
  gauge("users", "Users with an open connection", sources.users)
  gauge("channels", "Channels with a subscriber", sources.channels)
  gauge("ready", "1 when this node delivers what is published", () => (sources.isReady() ? 1 : 0))
  // Which figures there are depends on what the broker has heard of its log process so far.
  new Gauge({
    name: "skein_broker",
    help: "The broker, by figure",
    labelNames: ["figure"],
    registers: [registry],
    collect() {
      for (const [figure, value] of Object.entries(sources.broker())) this.set({ figure }, value)
    },
  })
  new Gauge({
    name: "skein_pusher",
    help: "Apps of the Pusher protocol and their webhooks, by figure",
    labelNames: ["app", "figure"],
    registers: [registry],
    collect() {
      for (const [app, figures] of sources.pusherApps())
        for (const [figure, value] of Object.entries(figures)) this.set({ app, figure }, value)
    },
  })
  counts(registry, "errors_total", "Refusals and failures, by error code", "code", () => errorCounts)
  counts(
    registry,
    "limits_total",
    "Bounds that somebody met, by the setting that says them",
    "limit",
    () => limitCounts,
  )
  counts(registry, "closes_total", "Ended WebSockets, by close code", "code", sources.closes)
  counts(registry, "not_let_in_total", "Connections not let in, by HTTP status", "status", sources.admissionRefusals)
  return { contentType: registry.contentType, text: () => registry.metrics() }
}

/** A counter that is kept elsewhere and only shown here. */
function counts(
  registry: Registry,
  name: string,
  help: string,
  label: string,
  read: () => ReadonlyMap<string | number, number>,
): void {
  new Counter({
    name: `skein_${name}`,
    help,
    labelNames: [label],
    registers: [registry],
    collect() {
      this.reset()
      for (const [value, count] of read()) this.inc({ [label]: value }, count)
    },
  })
}
