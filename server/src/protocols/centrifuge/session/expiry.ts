import { CLOSE, type CloseReason } from "../../../core/close-codes.ts"
import type { Connection } from "../../../core/connection.ts"

/**
 * The close for a connection whose time is over; undefined while it is not. Clients that bring new tokens themselves
 * get a grace to do so; an identity the server decides about ends when it ends.
 */
export function expiredClose(connection: Connection, nowMs: number, graceMs: number): CloseReason | undefined {
  const { expiresAtMs, clientRefreshes } = connection.identity
  if (expiresAtMs !== undefined && nowMs >= expiresAtMs + (clientRefreshes ? graceMs : 0)) return CLOSE.expired
  for (const { serverSide, expiresAtMs: endsAtMs } of connection.subscriptions.values())
    if (serverSide && endsAtMs !== undefined && nowMs >= endsAtMs + graceMs) return CLOSE.subscriptionExpired
  return undefined
}

/** Channels of client-side subscriptions whose token ended and was not replaced in time. */
export function expiredSubscriptions(connection: Connection, nowMs: number, graceMs: number): string[] {
  const expired: string[] = []
  for (const { channel, expiresAtMs } of connection.subscriptions.values())
    if (expiresAtMs !== undefined && nowMs >= expiresAtMs + graceMs) expired.push(channel)
  return expired
}
