import type { App } from "../apps.ts"
import { kindOf } from "../channel-kinds.ts"
import { toDraft } from "../event-data.ts"
import type { PusherParts } from "../options.ts"
import type { Shared } from "../shared.ts"
import { parseSocketId } from "../socket-id.ts"
import type { EventRequest } from "./event-request.ts"

/** Publishes to all channels of the event, begun in their order. @throws SkeinError */
export async function publishEvent(parts: PusherParts, shared: Shared, app: App, event: EventRequest): Promise<void> {
  const { socketId, idempotencyKey } = event
  const exclude = socketId === undefined ? undefined : connectionOf(parts, shared, app, socketId)
  const sender = socketId === undefined ? undefined : parseSocketId(socketId)?.page
  const plain = toDraft(event.name, event.data)
  const kept = sender === undefined ? plain : toDraft(event.name, event.data, sender)
  const publications = event.channels.map((channel) => {
    const coreChannel = app.toCore(channel)
    // Only what is kept can reach the sender later, when it recovers.
    const draft = parts.channels.ruleOf(coreChannel).historySize > 0 ? kept : plain
    return parts.channels.publish(coreChannel, {
      ...draft,
      ...(exclude === undefined ? {} : { exclude }),
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    })
  })
  await Promise.all(publications)
}

/** The connection itself, or the one its client has now that it has reconnected. */
function connectionOf({ channels }: PusherParts, { pages }: Shared, app: App, socketId: string): string {
  if (channels.hub.get(socketId)) return socketId
  return pages.holderOf(app, socketId)?.connectionId ?? socketId
}

/** The attributes asked for, by channel; those that a kind of channel has not are left out. */
export function eventInfo(parts: PusherParts, app: App, { channels, info }: EventRequest) {
  return Object.fromEntries(channels.map((channel) => [channel, attributes(parts, app, channel, info)]))
}

function attributes({ channels }: PusherParts, app: App, channel: string, info: readonly string[]) {
  const coreChannel = app.toCore(channel)
  const isPresence = kindOf(channel).access === "presence"
  return {
    ...(isPresence && info.includes("user_count")
      ? { user_count: channels.presenceStats(undefined, coreChannel).users }
      : {}),
    ...(!isPresence && info.includes("subscription_count")
      ? { subscription_count: channels.hub.channels.get(coreChannel) ?? 0 }
      : {}),
  }
}
