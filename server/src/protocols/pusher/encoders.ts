import type { Encoder } from "../../core/fanout.ts"
import type { ClientInfo, Publication } from "../../core/publication.ts"
import type { Apps } from "./apps.ts"
import { kindOf } from "./channel-kinds.ts"
import { dataLiteral, eventName } from "./event-data.ts"
import * as frames from "./frames.ts"

/** Frames as Pusher makes them. */
export const STOCK_FORMAT = "pu"
/** For clients that recover: publications carry their offset, in a frame that stock clients would ignore. */
export const RECOVERING_FORMAT = "pr"

export interface PusherEncoders {
  readonly stock: Encoder
  readonly recovering: Encoder
  /** By core channel: offset of the last publication that stock clients here can have been sent. */
  readonly lastOffsets: Map<string, number>
}

/** @param defaultEvent - name of publications that have none */
export function pusherEncoders(apps: Apps, defaultEvent: string): PusherEncoders {
  const lastOffsets = new Map<string, number>()
  const presence = {
    sparesOwnPresence: true,
    join: (channel: string, info: ClientInfo, ofUser?: boolean) =>
      member(apps, channel, info, ofUser, (name) =>
        frames.memberAdded(name, info.user, info.chanInfo ?? info.connInfo),
      ),
    leave: (channel: string, info: ClientInfo, ofUser?: boolean) =>
      member(apps, channel, info, ofUser, (name) => frames.memberRemoved(name, info.user)),
  }
  const wireName = (channel: string) => apps.ofChannel(channel)?.channel
  return {
    lastOffsets,
    stock: {
      ...presence,
      name: STOCK_FORMAT,
      publication: (channel, publication) => {
        if (publication.offset !== undefined) lastOffsets.set(channel, publication.offset)
        const name = wireName(channel)
        return name === undefined ? undefined : stockFrame(name, publication, defaultEvent)
      },
    },
    recovering: {
      ...presence,
      name: RECOVERING_FORMAT,
      publication: (channel, publication) => {
        const name = wireName(channel)
        return name === undefined ? undefined : recoveringFrame(name, publication, defaultEvent)
      },
    },
  }
}

/** Undefined: the payload is bytes that no JSON frame can carry. */
export function stockFrame(channel: string, publication: Publication, defaultEvent: string): string | undefined {
  const literal = dataLiteral(publication)
  if (literal === undefined) return undefined
  return frames.event(channel, eventName(publication, defaultEvent), literal, memberOf(channel, publication))
}

/** A publication with its offset; without history there is nothing to recover and it is a stock frame. */
export function recoveringFrame(channel: string, publication: Publication, defaultEvent: string): string | undefined {
  if (publication.offset === undefined) return stockFrame(channel, publication, defaultEvent)
  const literal = dataLiteral(publication)
  if (literal === undefined) return frames.publicationSkipped(channel, publication.offset)
  const name = eventName(publication, defaultEvent)
  return frames.publication(channel, publication.offset, name, literal, memberOf(channel, publication))
}

/** Members of presence channels are named to each other; taken from our own record, never from the client. */
function memberOf(channel: string, { info }: Publication): string | undefined {
  if (info === undefined || info.user === "") return undefined
  return kindOf(channel).access === "presence" ? info.user : undefined
}

/** Presence is of users here: only their first and last connection shows. Connections without a user never do. */
function member(
  apps: Apps,
  coreChannel: string,
  info: ClientInfo,
  ofUser: boolean | undefined,
  frame: (channel: string) => string,
): string | undefined {
  if (!ofUser || info.user === "") return undefined
  const owned = apps.ofChannel(coreChannel)
  return owned && kindOf(owned.channel).access === "presence" ? frame(owned.channel) : undefined
}
