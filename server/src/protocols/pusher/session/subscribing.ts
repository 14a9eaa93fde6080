import type { SubscribeRequest, SubscribeResult } from "../../../core/connection.ts"
import { SkeinError } from "../../../core/errors.ts"
import { noteLimit } from "../../../core/limits.ts"
import type { JsonText, Publication } from "../../../core/publication.ts"
import { type ChannelKind, channelNameProblem, kindOf, USER_CHANNEL_PREFIX } from "../channel-kinds.ts"
import { recoveringFrame, stockFrame } from "../encoders.ts"
import { dataText, eventName, wasSentBy } from "../event-data.ts"
import * as frames from "../frames.ts"
import { parseObject } from "../json.ts"
import type { SubscribeMessage } from "../messages.ts"
import type { LeftChannel } from "../pages.ts"
import { Refusal, toRefusal } from "../refusal.ts"
import { ensureSignedSubscription, type Member, readMember } from "./authorizing.ts"
import type { Client } from "./client.ts"
import { bindToLogin } from "./login.ts"

type Grant = NonNullable<SubscribeRequest["token"]>

/** Subscribes; tells the client what became of it. Never rejects. */
export async function subscribe(client: Client, message: SubscribeMessage): Promise<void> {
  try {
    await subscribeOrRefuse(client, message)
  } catch (error) {
    tellRefusal(client, message.channel, error)
  }
}

/** @throws Refusal, SkeinError */
async function subscribeOrRefuse(client: Client, message: SubscribeMessage): Promise<void> {
  ensureRate(client)
  const { channel } = message
  const { channelNames, limits } = client.app.options
  const problem = channelNameProblem(channel, channelNames, limits.maxChannelLength)
  if (problem !== undefined) throw new Refusal(400, problem)
  const kind = kindOf(channel)
  const coreChannel = client.app.toCore(channel)
  const member = ensureMaySubscribe(client, message, kind)
  const grant = grantFor(client, coreChannel, kind, member)
  const done = member ? enter(client, coreChannel, member) : () => undefined
  try {
    await client.parts.channels.subscribe(
      client.connection,
      coreChannel,
      {
        ...(grant === undefined ? {} : { token: grant }),
        ...recoveryRequest(client, message, coreChannel, kind),
        joinLeave: member !== undefined,
      },
      (result) => answer(client, message, kind, member, result),
    )
  } catch (error) {
    throw kind.access === "public" ? explainClosed(client, coreChannel, error) : error
  } finally {
    done()
  }
  if (kind.access !== "public") client.isAuthorized = true
}

/** @throws Refusal */
function ensureRate({ parts, subscribeRate }: Client): void {
  if (subscribeRate.take(parts.clock.nowMs())) return
  noteLimit("limits.subscribes_per_second")
  const seconds = Math.ceil(subscribeRate.retryAfterMs() / 1_000)
  throw new Refusal(429, `Too many subscriptions at once: try again in ${seconds} s`)
}

/** @returns the member, for presence channels. @throws Refusal */
function ensureMaySubscribe(client: Client, message: SubscribeMessage, kind: ChannelKind): Member | undefined {
  if (kind.access === "public") return undefined
  if (kind.access === "user") {
    if (client.user?.id === message.channel.slice(USER_CHANNEL_PREFIX.length)) return undefined
    throw new Refusal(401, `Only connections signed in as that user may subscribe to ${message.channel}`)
  }
  ensureSignedSubscription(client, client.parts.apps, message)
  if (message.channelData) bindToLogin(client, ensureChannelData(client, message.channelData), "user_id")
  return kind.access === "presence" ? memberOf(client, message) : undefined
}

/**
 * Undefined: not an object, which says nothing. Where names may have colons it is refused: what was signed for channel
 * "a:b" would also be right for channel "a" with a channel_data that begins with "b:".
 *
 * @throws Refusal
 */
function ensureChannelData({ app }: Client, channelData: string): Readonly<Record<string, unknown>> | undefined {
  const data = parseObject(channelData)
  if (data || app.options.channelNames === "pusher") return data
  throw new Refusal(400, "channel_data must be JSON of an object", { wrong: "channel_data" })
}

function memberOf({ app, user }: Client, { channel, channelData }: SubscribeMessage): Member {
  if (channelData) return readMember(app, channelData)
  if (!user)
    throw new Refusal(400, `channel_data with a user_id is required to subscribe to ${channel} (or sign in first)`)
  return readMember(app, JSON.stringify({ user_id: user.id, user_info: user.userInfo }))
}

/**
 * What stands in for the channel rule's permission: a verified signature, a signed-in user, or, in channels that
 * exist only for this protocol, the app key. Undefined: the rule decides, as for everyone.
 */
function grantFor(
  client: Client,
  coreChannel: string,
  kind: ChannelKind,
  member: Member | undefined,
): Grant | undefined {
  const { channels, ownRules } = client.parts
  const rule = channels.ruleOf(coreChannel)
  const keyIsEnough = client.app.namespace !== "" || ownRules.has(rule)
  if (!member) return kind.access !== "public" || keyIsEnough ? {} : undefined
  if (!rule.presence || !rule.joinLeave)
    throw new Refusal(
      500,
      `The rule "${rule.pattern}" of this server's configuration must set presence and join_leave for presence channels`,
    )
  return { userId: member.userId, ...(member.userInfo === undefined ? {} : { info: member.userInfo }) }
}

/** A public channel that a rule of the configuration closes: which one, for those who may know. */
function explainClosed({ parts }: Client, coreChannel: string, error: unknown): unknown {
  if (!(error instanceof SkeinError) || error.code !== "permission_denied") return error
  const { pattern, subscribe } = parts.channels.ruleOf(coreChannel)
  return new Refusal(error.httpStatus, error.message, {
    forLog: `${error.message}: the rule "${pattern}" in [[channels]] has subscribe = "${subscribe}"; "anyone" opens it to holders of the app key`,
  })
}

/** @throws Refusal when the channel is full. @returns call when the subscription is decided */
function enter({ app, parts, shared }: Client, coreChannel: string, { userId }: Member): () => void {
  const { channels } = parts
  const isIn = (user: string) => channels.isPresent(coreChannel, user)
  const { maxPresenceMembers } = app.options.limits
  if (!isIn(userId)) {
    const others = channels.presenceStats(undefined, coreChannel).users + shared.entering.countOthers(coreChannel, isIn)
    if (others >= maxPresenceMembers)
      throw new Refusal(403, `A presence channel may have ${maxPresenceMembers} members, this one is full`)
  }
  return shared.entering.add(coreChannel, userId)
}

function recoveryRequest(client: Client, message: SubscribeMessage, coreChannel: string, kind: ChannelKind) {
  const left = client.left.get(coreChannel)
  const stood = left && { epoch: left.epoch, offset: left.confirmed }
  const recover = client.recovering ? message.recover : stood
  return { ...(recover === undefined ? {} : { recover }), ...(kind.cache ? { newest: true } : {}) }
}

/** One synchronous step, as core asks: the confirmation first, then everything that comes before live events. */
function answer(
  client: Client,
  { channel }: SubscribeMessage,
  kind: ChannelKind,
  member: Member | undefined,
  result: SubscribeResult,
): void {
  client.send(frames.subscriptionSucceeded(channel, succeededData(client, result, member)))
  const left = client.left.get(result.channel)
  client.left.delete(result.channel)
  const missed = result.publications.filter((publication) => !wasSentBy(publication, client.page))
  if (left) replay(client, channel, left, result, missed)
  else for (const publication of missed) sendEvent(client, channel, publication)
  if (kind.cache && !result.wasRecovering && result.publications.length === 0) {
    client.send(frames.cacheMiss(channel))
    client.parts.backEnd?.cacheMiss(client.app.id, channel)
  }
  confirmFrom(client, result)
}

function succeededData(client: Client, result: SubscribeResult, member: Member | undefined): JsonText {
  const presence = member ? frames.presenceData(membersWith(client, result.channel, member)) : "{}"
  if (!client.recovering || !result.position) return presence
  // The cached event of a cache channel is still to come.
  const [cached] = result.recovered ? [] : result.publications
  const recovery = JSON.stringify({
    ...result.position,
    ...(cached?.offset === undefined ? {} : { offset: cached.offset - 1 }),
    recovered: result.recovered,
    was_recovering: result.wasRecovering,
  })
  return presence === "{}" ? `{"recovery":${recovery}}` : `${presence.slice(0, -1)},"recovery":${recovery}}`
}

/** Everybody who is a user, the new member included. */
function membersWith(client: Client, coreChannel: string, { userId, userInfo }: Member) {
  const members = new Map<string, JsonText | undefined>()
  for (const { user, chanInfo, connInfo } of client.parts.channels.presence(undefined, coreChannel).values())
    if (user !== "" && !members.has(user)) members.set(user, chanInfo ?? connInfo)
  if (!members.has(userId)) members.set(userId, userInfo)
  return members
}

function sendEvent(client: Client, channel: string, publication: Publication): void {
  const { defaultEvent } = client.parts.config
  const frame = client.recovering
    ? recoveringFrame(channel, publication, defaultEvent)
    : stockFrame(channel, publication, defaultEvent)
  if (frame !== undefined) client.send(frame)
}

/**
 * What a stock client missed. Events that were surely not sent to it come as if nothing had happened; those that
 * were on their way when it dropped it may have seen, so they come under a name of their own.
 */
function replay(
  client: Client,
  channel: string,
  left: LeftChannel,
  result: SubscribeResult,
  missed: readonly Publication[],
): void {
  if (!result.recovered) {
    client.send(frames.gap(channel, "the history does not reach back to where this client was"))
    // What a cache channel shows to every new subscriber.
    for (const publication of missed) sendEvent(client, channel, publication)
    return
  }
  for (const publication of missed) {
    const offset = publication.offset ?? 0
    if (offset > left.sent) {
      sendEvent(client, channel, publication)
      continue
    }
    const data = dataText(publication)
    if (data === undefined) continue
    const event = eventName(publication, client.parts.config.defaultEvent)
    client.send(frames.unconfirmed(channel, { event, data, epoch: left.epoch, offset }))
  }
}

function confirmFrom(
  { confirmations, connection, parts }: Client,
  { channel, position, publications, recoverable }: SubscribeResult,
) {
  if (!confirmations || !position || !recoverable) return
  // Ended by what it was just told: whoever was the last has left the channel, and its offset is forgotten.
  if (!parts.channels.hub.has(connection)) return
  confirmations.joined(channel, position)
  const { lastOffsets } = parts.encoders
  const last = publications.at(-1)?.offset ?? position.offset
  if (last > (lastOffsets.get(channel) ?? 0)) lastOffsets.set(channel, last)
}

function tellRefusal(client: Client, channel: string, error: unknown): void {
  const { app, socketId, shared } = client
  if (error instanceof SkeinError && error.code === "already_subscribed") {
    client.send(frames.error(null, `Existing subscription to channel ${channel}`))
    return
  }
  const refusal = toRefusal(error)
  shared.refusals.tell({ app: app.id, what: "subscription", refusal, fields: { socketId, channel } })
  client.send(frames.error(refusal.code, refusal.message))
  client.send(frames.subscriptionError(channel, "AuthError", refusal.message, refusal.status))
}
