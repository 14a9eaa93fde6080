import type { Channels } from "../../core/channels.ts"
import { UNSUBSCRIBE } from "../../core/close-codes.ts"
import type { Connection } from "../../core/connection.ts"

/** Ends subscriptions whose token is over. Few have one, so this looks only at connections with any subscription. */
export function endExpiredSubscriptions(channels: Channels, connection: Connection, nowMs: number): void {
  for (const { channel, expiresAtMs } of [...connection.subscriptions.values()])
    if (expiresAtMs !== undefined && expiresAtMs <= nowMs) channels.revoke(connection, channel, UNSUBSCRIBE.expired)
}
