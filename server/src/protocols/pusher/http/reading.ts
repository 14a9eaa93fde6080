import type { Position, Publication } from "../../../core/publication.ts"
import type { App } from "../apps.ts"
import { type ChannelKind, channelNameProblem, kindOf } from "../channel-kinds.ts"
import { dataText, eventName } from "../event-data.ts"
import type { PusherParts } from "../options.ts"
import { Refusal } from "../refusal.ts"
import type { Query } from "./query.ts"

const MAX_HISTORY = 1_000

/** `GET /channels`: the occupied ones. @throws Refusal 400 */
export function listChannels({ channels, apps }: PusherParts, app: App, query: Query) {
  const prefix = query.get("filter_by_prefix") ?? ""
  const info = infoOf(query, ["user_count", "subscription_count"])
  if (info.includes("user_count") && !prefix.startsWith("presence-"))
    throw new Refusal(400, "info=user_count needs filter_by_prefix=presence-: only presence channels count users")
  const found: [string, object][] = []
  for (const [coreChannel, count] of channels.hub.channels) {
    const owned = apps.shown(coreChannel)
    if (owned?.app !== app || !owned.channel.startsWith(prefix)) continue
    const users = info.includes("user_count")
      ? { user_count: channels.presenceStats(undefined, coreChannel).users }
      : {}
    const subscriptions = info.includes("subscription_count") ? { subscription_count: count } : {}
    found.push([owned.channel, { ...users, ...subscriptions }])
  }
  return { channels: Object.fromEntries(found) }
}

/** `GET /channels/{name}`. @throws Refusal 400 for an attribute that this kind of channel has not */
export async function describeChannel(parts: PusherParts, app: App, channel: string, query: Query) {
  const { channels } = parts
  const kind = ensureChannel(app, channel)
  const info = infoOf(query, ["user_count", "subscription_count", "cache"])
  if (info.includes("user_count") && kind.access !== "presence")
    throw new Refusal(400, "info=user_count: only presence channels count users")
  if (info.includes("cache") && !kind.cache) throw new Refusal(400, "info=cache: this is not a cache channel")
  const coreChannel = app.toCore(channel)
  const count = channels.hub.channels.get(coreChannel) ?? 0
  return {
    occupied: count > 0,
    ...(info.includes("user_count") ? { user_count: channels.presenceStats(undefined, coreChannel).users } : {}),
    ...(info.includes("subscription_count") ? { subscription_count: count } : {}),
    ...(info.includes("cache") ? { cache: await cachedEvent(parts, coreChannel) } : {}),
  }
}

async function cachedEvent({ channels, clock }: PusherParts, coreChannel: string) {
  const { publications } = await channels.history(undefined, coreChannel, { limit: 1, reverse: true })
  const last = publications[0]
  if (!last) return null
  const ttl = Math.ceil((last.timeMs + channels.ruleOf(coreChannel).historyTtlMs - clock.nowMs()) / 1_000)
  return ttl > 0 ? { data: dataText(last) ?? "", ttl } : null
}

/** `GET /channels/{name}/users`. @throws Refusal 400 for channels without members */
export function listUsers({ channels }: PusherParts, app: App, channel: string) {
  if (ensureChannel(app, channel).access !== "presence")
    throw new Refusal(400, "Only presence channels (presence-…) have users")
  const ids = new Set<string>()
  for (const { user } of channels.presence(undefined, app.toCore(channel)).values()) if (user !== "") ids.add(user)
  return { users: [...ids].map((id) => ({ id })) }
}

/**
 * `GET /channels/{name}/history` (ours): `limit`, `since=<epoch>:<offset>`, `order=asc|desc`.
 * @throws Refusal 400; SkeinError `unrecoverable_position`
 */
export async function readHistory(parts: PusherParts, app: App, channel: string, query: Query) {
  ensureChannel(app, channel)
  const limit = Number(query.get("limit") ?? 100)
  if (!Number.isInteger(limit) || limit < 0 || limit > MAX_HISTORY)
    throw new Refusal(400, `"limit" must be an integer from 0 to ${MAX_HISTORY}`)
  const since = readSince(query.get("since"))
  const page = await parts.channels.history(undefined, app.toCore(channel), {
    limit,
    reverse: query.get("order") === "desc",
    ...(since === undefined ? {} : { since }),
  })
  const show = (publication: Publication) => ({
    offset: publication.offset,
    time_ms: publication.timeMs,
    name: eventName(publication, parts.config.defaultEvent),
    data: dataText(publication) ?? null,
  })
  return { ...page.top, events: page.publications.map(show) }
}

function readSince(text: string | undefined): Position | undefined {
  if (text === undefined) return undefined
  const match = /^(.*):(\d{1,15})$/.exec(text)
  if (!match) throw new Refusal(400, '"since" must be <epoch>:<offset>, as an earlier answer gave them')
  return { epoch: match[1] ?? "", offset: Number(match[2]) }
}

/** @throws Refusal 400 */
function ensureChannel(app: App, channel: string): ChannelKind {
  const { channelNames, limits } = app.options
  const problem = channelNameProblem(channel, channelNames, limits.maxChannelLength)
  if (problem !== undefined) throw new Refusal(400, problem)
  return kindOf(channel)
}

function infoOf(query: Query, known: readonly string[]): readonly string[] {
  const asked = (query.get("info") ?? "").split(",").filter((name) => name !== "")
  const unknown = asked.find((name) => !known.includes(name))
  if (unknown !== undefined)
    throw new Refusal(400, `info may ask for ${known.join(", ")}; got ${JSON.stringify(unknown.slice(0, 64))}`)
  return asked
}
