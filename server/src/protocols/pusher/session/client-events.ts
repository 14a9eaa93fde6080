import { kindOf } from "../channel-kinds.ts"
import { toDraft } from "../event-data.ts"
import { Refusal } from "../refusal.ts"
import type { Client } from "./client.ts"

const RATE_EXCEEDED = 4301

export interface ClientEventMessage {
  readonly event: string
  readonly channel: string
  readonly data: string
}

/**
 * Publishes what a client tells the others of its channel. Not kept: a whisper is of the moment.
 * @throws Refusal, SkeinError
 */
export async function clientEvent(client: Client, message: ClientEventMessage): Promise<void> {
  ensureAllowed(client, message)
  const { app, connection, parts, socketId } = client
  const { event, channel, data } = message
  const coreChannel = app.toCore(channel)
  await parts.channels.publishAs(connection, coreChannel, {
    ...toDraft(event, data),
    skipHistory: true,
    exclude: connection.id,
  })
  const userId = connection.subscriptions.get(coreChannel)?.userId
  parts.backEnd?.clientEvent({
    appId: app.id,
    channel,
    event,
    data,
    socketId,
    ...(userId === undefined ? {} : { userId }),
  })
}

/** @throws Refusal */
function ensureAllowed(client: Client, { event, channel, data }: ClientEventMessage): void {
  const { clientEvents, limits } = client.app.options
  if (!clientEvents)
    throw new Refusal(403, "To send client events, you must enable them for this app in the server's configuration.")
  const { access, encrypted } = kindOf(channel)
  if (access !== "private" && access !== "presence")
    throw new Refusal(403, "Client event rejected - only supported on private and presence channels")
  if (encrypted) throw new Refusal(403, "Client event rejected - not supported on encrypted channels")
  if (!client.connection.subscriptions.has(client.app.toCore(channel)))
    throw new Refusal(403, `Client event rejected - you are not subscribed to ${channel}`)
  if (event.length > limits.maxEventNameLength)
    throw new Refusal(
      400,
      `An event name may have ${limits.maxEventNameLength} characters, this one has ${event.length}`,
    )
  const bytes = Buffer.byteLength(data)
  if (bytes > limits.maxEventBytes)
    throw new Refusal(413, `The data of a client event may have ${limits.maxEventBytes} bytes, this one has ${bytes}`)
  if (!client.clientEventRate.take(client.parts.clock.nowMs()))
    throw new Refusal(429, `Client event rejected - at most ${limits.clientEventsPerSecond} per second`, {
      code: RATE_EXCEEDED,
    })
}
