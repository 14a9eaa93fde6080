import type { EndpointStats, WebhookEndpoint } from "../event.ts"
import { backoffMs } from "./backoff.ts"
import { type Batch, Lanes } from "./lanes.ts"
import type { Delivery } from "./send.ts"
import type { Kept } from "./store.ts"

/** Events of one request. */
const MAX_BATCH = 50
/** Requests to one endpoint at a time, while it is well; otherwise one. */
const MAX_REQUESTS = 4

export interface CourierParts {
  readonly body: (sequence: number) => { readonly id: string; readonly body: string } | undefined
  readonly remove: (sequences: readonly number[]) => void
  /** @throws Error saying why it is not delivered */
  readonly send: (delivery: Delivery) => Promise<void>
  readonly nowMs: () => number
  readonly random: () => number
  readonly log: (level: "info" | "warn", fields: object, message: string) => void
}

/** Brings the events of one endpoint there: at least once, in order within a channel. */
export class Courier {
  readonly endpoint: WebhookEndpoint
  readonly #parts: CourierParts
  readonly #lanes = new Lanes()
  #requests = 0
  #failures = 0
  #notBeforeMs = 0
  #delivered = 0
  #failedRequests = 0
  #dropped = 0
  #lastError: string | undefined

  constructor(endpoint: WebhookEndpoint, parts: CourierParts) {
    this.endpoint = endpoint
    this.#parts = parts
  }

  get stats(): EndpointStats {
    const { id, appId, url } = this.endpoint
    const oldest = this.#lanes.oldestMs()
    return {
      id,
      appId,
      url: withoutQuery(url),
      waiting: this.#lanes.count,
      oldestMs: oldest === undefined ? 0 : Math.max(0, this.#parts.nowMs() - oldest),
      delivered: this.#delivered,
      failedRequests: this.#failedRequests,
      dropped: this.#dropped,
      failures: this.#failures,
      ...(this.#lastError === undefined ? {} : { lastError: this.#lastError }),
    }
  }

  add({ channel, sequence, timeMs, bytes }: Kept): void {
    this.#lanes.add(channel, { sequence, timeMs, bytes })
  }

  /** Sends what can be sent now. Call after `add`, and about four times a second. */
  work(): void {
    const nowMs = this.#parts.nowMs()
    while (this.#requests < (this.#failures > 0 ? 1 : MAX_REQUESTS) && nowMs >= this.#notBeforeMs) {
      const batch = this.#lanes.take(nowMs, this.endpoint.batch ? MAX_BATCH : 1)
      if (!batch) return
      this.#requests++
      void this.#deliver(batch)
    }
  }

  /** Gives up what is too old or too much. Call about once a second. */
  giveUp(): void {
    const { maxAgeMs, maxWaiting, maxWaitingBytes, url, appId } = this.endpoint
    const gone = this.#lanes.giveUp(this.#parts.nowMs() - maxAgeMs, maxWaiting, maxWaitingBytes)
    if (gone.length === 0) return
    this.#parts.remove(gone)
    this.#dropped += gone.length
    const fields = {
      app: appId,
      url: withoutQuery(url),
      events: gone.length,
      why: this.#lastError ?? "too many events",
    }
    this.#parts.log("warn", fields, "gave up webhook events: the endpoint took none for too long, or too many came")
  }

  async #deliver(batch: Batch): Promise<void> {
    const attempt = (batch.lanes[0]?.failures ?? 0) + 1
    try {
      const delivery = this.#deliveryOf(batch, attempt)
      if (delivery) await this.#parts.send(delivery)
      this.#parts.remove(this.#lanes.succeeded(batch))
      this.#succeeded(batch.events.length)
    } catch (error) {
      this.#failed(batch, error instanceof Error ? error.message : String(error))
    } finally {
      this.#requests--
    }
    this.work()
  }

  #deliveryOf({ events }: Batch, attempt: number): Delivery | undefined {
    const bodies = events.flatMap(({ sequence }) => this.#parts.body(sequence) ?? [])
    const [first] = bodies
    if (!first) return undefined
    // Of the oldest event, so that it stays the same however often this is tried.
    const timeMs = events[0]?.timeMs ?? 0
    const body = `{"time_ms":${timeMs},"events":[${bodies.map(({ body }) => body).join(",")}]}`
    return { endpoint: this.endpoint, id: first.id, attempt, body }
  }

  #succeeded(events: number): void {
    this.#delivered += events
    if (this.#failures > 0) {
      const fields = { app: this.endpoint.appId, url: withoutQuery(this.endpoint.url), failures: this.#failures }
      this.#parts.log("info", fields, "a webhook endpoint takes events again")
    }
    this.#failures = 0
    this.#notBeforeMs = 0
    this.#lastError = undefined
  }

  #failed(batch: Batch, why: string): void {
    const { nowMs, random, log } = this.#parts
    this.#failures++
    this.#failedRequests++
    this.#lastError = why
    const retryInMs = backoffMs(this.#failures, random)
    this.#notBeforeMs = nowMs() + retryInMs
    this.#lanes.failed(batch, (failures) => nowMs() + backoffMs(failures, random))
    const fields = {
      app: this.endpoint.appId,
      url: withoutQuery(this.endpoint.url),
      why,
      retryInMs,
      waiting: this.#lanes.count,
    }
    log("warn", fields, "a webhook was not delivered")
  }
}

/** Queries of addresses often hold secrets. */
const withoutQuery = (url: string): string => url.replace(/\?.*$/s, "?…").replace(/\/\/[^/@]*@/, "//…@")
