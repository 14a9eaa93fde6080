import { z } from "zod"
import type { Publication } from "../../../core/publication.ts"
import { jsonTextOf, writeMessage } from "../codec/json-write.ts"
import type { CentrifugeParts } from "../options.ts"
import { historyQuery } from "../session/read.ts"
import { toWireInfo, toWirePublication } from "../wire.ts"
import { matchesGlob } from "./glob.ts"
import {
  type ApiParams,
  channelName,
  optionalFlag,
  optionalInteger,
  optionalText,
  parseParams,
  position,
} from "./params.ts"

const channelSchema = z.object({ channel: channelName })
const historySchema = z.object({
  channel: channelName,
  limit: optionalInteger,
  since: position,
  reverse: optionalFlag,
})
const channelsSchema = z.object({ pattern: optionalText })

/** Everybody in a channel, by client id. */
export function presence({ channels }: CentrifugeParts, params: ApiParams): string {
  const members = channels.presence(undefined, parseParams(channelSchema, params).channel)
  const wire = Object.fromEntries([...members].map(([client, info]) => [client, toWireInfo(info)]))
  return writeMessage("PresenceResult", { presence: wire })
}

/** How many clients and users are in a channel. */
export function presenceStats({ channels }: CentrifugeParts, params: ApiParams): string {
  const { clients, users } = channels.presenceStats(undefined, parseParams(channelSchema, params).channel)
  return writeMessage("PresenceStatsResult", { num_clients: clients, num_users: users })
}

/** A page of a channel's publications, and its position. */
export async function history({ channels }: CentrifugeParts, params: ApiParams): Promise<string> {
  const { channel, limit, since, reverse } = parseParams(historySchema, params)
  const page = await channels.history(undefined, channel, historyQuery({ limit, since, reverse }))
  const { epoch, offset } = page.top
  const publications = page.publications.map(publicationText).join()
  return `{"publications":[${publications}],"epoch":${JSON.stringify(epoch)},"offset":${offset}}`
}

/** Payloads that are not JSON travel as base64, as `b64data`. */
function publicationText(publication: Publication): string {
  const { data } = publication
  if (typeof data === "string" || jsonTextOf(data) !== undefined)
    return writeMessage("Publication", toWirePublication(publication))
  const rest = writeMessage("Publication", { ...toWirePublication(publication), data: undefined })
  return rest.replace("{", `{"b64data":"${Buffer.from(data).toString("base64")}"${rest === "{}" ? "" : ","}`)
}

/** Forgets the publications of a channel; its position stays. */
export async function historyRemove({ channels }: CentrifugeParts, params: ApiParams): Promise<string> {
  await channels.removeHistory(parseParams(channelSchema, params).channel)
  return "{}"
}

/** Channels with subscribers on this node. */
export function list({ channels }: CentrifugeParts, params: ApiParams): string {
  const { pattern } = parseParams(channelsSchema, params)
  const found = [...channels.hub.channels].filter(([channel]) => !pattern || matchesGlob(pattern, channel))
  const counts = Object.fromEntries(found.map(([channel, count]) => [channel, { num_clients: count }]))
  return JSON.stringify({ channels: counts })
}

/** This node in figures. */
export function info({ channels: { hub }, node, clock }: CentrifugeParts): string {
  let subscriptions = 0
  for (const count of hub.channels.values()) subscriptions += count
  const here = {
    uid: node.id,
    name: node.name,
    version: node.version,
    num_clients: hub.connectionCount,
    num_users: hub.userCount,
    num_channels: hub.channels.size,
    num_subs: subscriptions,
    uptime: Math.floor((clock.nowMs() - node.startedAtMs) / 1000),
  }
  return JSON.stringify({ nodes: [here] })
}
