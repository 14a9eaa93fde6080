import { getOrAdd } from "./collections.ts"
import type { Connection } from "./connection.ts"
import { SkeinError } from "./errors.ts"
import { limitError } from "./limits.ts"

/** One channel that a connection is about to hold. */
export interface Reservation {
  /** Call once the channel is held or refused. */
  release(): void
  /** The right to the channel was taken away while the subscribe was being decided. */
  readonly isRevoked: boolean
}

/** Channels connections are about to hold: they count against the limit, and a second subscribe is refused. */
export class Reservations {
  readonly #pending = new WeakMap<Connection, Map<string, { isRevoked: boolean }>>()

  /** @throws SkeinError `already_subscribed`, `limit_exceeded` */
  take(connection: Connection, channel: string, maxChannels: number): Reservation {
    const pending = getOrAdd(this.#pending, connection, () => new Map<string, { isRevoked: boolean }>())
    const held = connection.subscriptions
    if (held.has(channel) || pending.has(channel)) throw new SkeinError("already_subscribed")
    if (held.size + pending.size >= maxChannels)
      throw limitError(
        "limits.max_channels_per_connection",
        "limit_exceeded",
        `a connection may hold ${maxChannels} channels`,
      )
    const place = { isRevoked: false }
    pending.set(channel, place)
    return {
      release: () => {
        pending.delete(channel)
        if (pending.size === 0) this.#pending.delete(connection)
      },
      get isRevoked() {
        return place.isRevoked
      },
    }
  }

  /** A subscribe that is being decided, if there is one, will be refused. */
  revoke(connection: Connection, channel: string): void {
    const place = this.#pending.get(connection)?.get(channel)
    if (place) place.isRevoked = true
  }
}
