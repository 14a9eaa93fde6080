import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client"

/** What the node can be asked at any moment; read when metrics are scraped, never on the way of a frame. */
export interface MetricSources {
  readonly connections: () => number
  readonly users: () => number
  readonly channels: () => number
  readonly isReady: () => boolean
  /** Numbers of the broker by name (snake_case), e.g. `queued_publications`. */
  readonly broker: () => Readonly<Record<string, number>>
}

export interface Metrics {
  readonly contentType: string
  text(): Promise<string>
  /** Counts a refusal by its code: what the limits of the configuration did. */
  refused(code: string): void
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
  for (const name of Object.keys(sources.broker()))
    gauge(`broker_${name}`, `Broker: ${name.replaceAll("_", " ")}`, () => sources.broker()[name] ?? 0)
  const refusals = new Counter({
    name: "skein_refusals_total",
    help: "Commands and requests refused, by error code",
    labelNames: ["code"],
    registers: [registry],
  })
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    refused: (code) => refusals.inc({ code }),
  }
}
