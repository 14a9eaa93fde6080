/** A message as pusher-js hands it around inside. */
export interface Message {
  readonly event: string
  readonly channel?: string
  readonly data?: unknown
  readonly user_id?: string
}

/** Where a client stands in a channel's history. */
interface Position {
  readonly epoch: string
  readonly offset: number
}

/** Emitted on a channel when something was missed that the history no longer has: load the page's data afresh. */
export const GAP_EVENT = "skein:gap"

export interface Gap {
  readonly reason: string
}

/**
 * Where this page stands in each channel, and what of the incoming messages the application is to see.
 * Every event of a channel with history has an offset; each is let through once, in order.
 */
export class Recovery {
  readonly #positions = new Map<string, Position>()

  /** What a subscribe message says besides. */
  positionOf(channel: string): Position | undefined {
    return this.#positions.get(channel)
  }

  /** The application is no longer interested: what comes meanwhile is not missed. */
  forget(channel: string): void {
    this.#positions.delete(channel)
  }

  /** @returns the messages as stock pusher-js would have received them, possibly none */
  translate(message: Message): Message[] {
    if (message.channel === undefined) return [message]
    if (message.event === "pusher_internal:subscription_succeeded") return this.#subscribed(message, message.channel)
    if (message.event === "pusher_internal:publication") return this.#publication(message, message.channel)
    return [message]
  }

  #subscribed(message: Message, channel: string): Message[] {
    const { recovery, ...data } = fieldsOf(message.data)
    const { epoch, offset, recovered, was_recovering: wasRecovering } = fieldsOf(recovery)
    if (typeof epoch !== "string" || typeof offset !== "number") {
      // The channel keeps no history.
      this.#positions.delete(channel)
      return [message]
    }
    const before = this.#positions.get(channel)
    // A cache channel shows its last event to every new subscription; this page may have seen it.
    const isBehind = wasRecovering !== true && before?.epoch === epoch && before.offset > offset
    if (!isBehind) this.#positions.set(channel, { epoch, offset })
    const succeeded = { ...message, data }
    if (wasRecovering !== true || recovered === true) return [succeeded]
    const gap: Gap = { reason: "the history no longer reaches back to where this page was" }
    return [succeeded, { event: GAP_EVENT, channel, data: gap }]
  }

  #publication(message: Message, channel: string): Message[] {
    const { offset, event, data, user_id: userId } = fieldsOf(message.data)
    const position = this.#positions.get(channel)
    if (typeof offset !== "number" || !position || offset <= position.offset) return []
    this.#positions.set(channel, { epoch: position.epoch, offset })
    if (typeof event !== "string") return []
    return [{ event, channel, data: decoded(data), ...(typeof userId === "string" ? { user_id: userId } : {}) }]
  }
}

/** As pusher-js reads data: JSON where it is JSON, else the text. */
function decoded(data: unknown): unknown {
  if (typeof data !== "string") return data
  try {
    return JSON.parse(data)
  } catch {
    return data
  }
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {}
}
