import { UNSUBSCRIBE } from "../../../core/close-codes.ts"
import type { Connection } from "../../../core/connection.ts"
import { toSkeinError } from "../../../core/errors.ts"
import type { WireSubscribeRequest } from "../codec/messages.ts"
import { toWireError } from "../wire.ts"
import { Disconnect } from "./disconnect.ts"
import { because } from "./reason.ts"
import type { CentrifugeSession } from "./session.ts"
import { readToken, subscribeRequest } from "./subscribe.ts"

/**
 * Subscribes a unidirectional client to what its connect request names, as far as it may: each channel is told by a
 * `subscribe` push, each refusal by an `unsubscribe` push with the cause.
 */
export async function subscribeRequested(
  session: CentrifugeSession,
  connection: Connection,
  wanted: Readonly<Record<string, WireSubscribeRequest>>,
): Promise<void> {
  for (const [channel, request] of Object.entries(wanted)) {
    if (session.isClosed) return
    if (connection.subscriptions.has(channel)) continue
    await subscribeOne(session, connection, channel, request)
  }
}

async function subscribeOne(
  session: CentrifugeSession,
  connection: Connection,
  channel: string,
  request: WireSubscribeRequest,
): Promise<void> {
  try {
    const { token = "" } = request
    const grant = token === "" ? undefined : await readToken(session, connection, channel, token)
    const asked = subscribeRequest({ ...request, join_leave: true }, grant)
    await session.shared.parts.channels.subscribe(connection, channel, asked, (result) =>
      session.subscribed(channel, result),
    )
  } catch (error) {
    if (error instanceof Disconnect) throw error
    const { message } = toWireError(toSkeinError(error))
    session.push({ channel, unsubscribe: because(UNSUBSCRIBE.server, message) })
  }
}
