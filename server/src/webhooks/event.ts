/** Something the back end of an app is told of. `name` and further fields are Pusher's. */
export interface WebhookEvent {
  readonly appId: string
  readonly name: string
  readonly channel: string
  /** What the event has beside `name` and `channel`, by its name on the wire. */
  readonly fields?: Readonly<Record<string, string | number>>
}

/** An event on its way to disk. */
export interface StoredEvent extends WebhookEvent {
  /** Unique and stable: receivers may drop what they have seen. */
  readonly id: string
  readonly timeMs: number
}

/** What a back end was told to be so, and has to be told the end of: a channel is occupied, or a user is in it. */
export interface Told {
  readonly appId: string
  readonly channel: string
  /** Absent: about the channel itself. */
  readonly userId?: string
}

/** `isTrue`: it began; otherwise it ended. Stored together with the event that tells it. */
export interface ToldChange extends Told {
  readonly isTrue: boolean
}

/** Where the events of one app go. */
export interface WebhookEndpoint {
  /** Unique and stable over restarts: what is kept for it is found by it. */
  readonly id: string
  readonly appId: string
  readonly url: string
  readonly key: string
  readonly secret: string
  /** Empty: all. */
  readonly events: readonly string[]
  /** Only channels whose names begin so. "": all. */
  readonly prefix: string
  /** Several events may go in one request. */
  readonly batch: boolean
  /** Given up when older. */
  readonly maxAgeMs: number
  /** Events kept for it, and bytes of them; beyond either, the oldest are given up. */
  readonly maxWaiting: number
  readonly maxWaitingBytes: number
  /** Time for one request. */
  readonly timeoutMs: number
}

/** What has become of the events of one endpoint. */
export interface EndpointStats {
  readonly id: string
  readonly appId: string
  /** Without what may be secret in it. */
  readonly url: string
  readonly waiting: number
  /** Age of the oldest waiting event. */
  readonly oldestMs: number
  readonly delivered: number
  readonly failedRequests: number
  /** Given up for age or number. */
  readonly dropped: number
  /** Failures in a row; 0: fine. */
  readonly failures: number
  /** Why the last request failed; absent when all is well. */
  readonly lastError?: string
}

/** Whether an endpoint is to be sent this event: its app, its prefix and its list of events. */
export function wants(endpoint: WebhookEndpoint, { appId, name, channel }: WebhookEvent): boolean {
  if (endpoint.appId !== appId || !channel.startsWith(endpoint.prefix)) return false
  return endpoint.events.length === 0 || endpoint.events.includes(name)
}
