import { AnswerRoom } from "./answer-room.ts"
import { ClientInfos } from "./client-infos.ts"
import type { Clock } from "./clock.ts"
import { type CloseReason, UNSUBSCRIBE } from "./close-codes.ts"
import type { Connection, Identity, SubscribeRequest, SubscribeResult } from "./connection.ts"
import { Delivery } from "./delivery.ts"
import { SkeinError } from "./errors.ts"
import { type Encoder, type Fanout, presenceTopic, publicationTopic } from "./fanout.ts"
import { Hub } from "./hub.ts"
import { Joining, JoinReaders, settleAll } from "./joining.ts"
import { type ChannelLimits, ensureChannelName, ensurePayload, limitError } from "./limits.ts"
import type { Draft, HistoryPage, HistoryQuery, PublicationLog, PublishDraft, Published } from "./log.ts"
import { mayPublish, mayRead, maySubscribe } from "./permissions.ts"
import type { Presence, PresenceChange } from "./presence.ts"
import type { ClientInfo, Payload, Position, Publication } from "./publication.ts"
import { type Reservation, Reservations } from "./reservations.ts"
import type { ChannelRule, RuleBook } from "./rules.ts"

/** An application that owns the channels of one prefix and decides who may be in them. */
export interface ChannelOwner {
  readonly prefix: string
  /**
   * Who comes where more users than this are present is told of no joins and leaves: everybody told of everybody is
   * work by the square of how many they are. Absent: all are told who ask.
   */
  readonly maxUsersTold?: number
  /** @throws SkeinError `permission_denied`, `not_a_member` … */
  ensureMaySubscribe(connection: Connection, channel: string): Promise<void>
}

/** Somebody who wants to know who comes and goes (webhooks, counts). Methods MUST NOT throw. */
export interface ChannelObserver {
  /** @param count - connections of this node that hold the channel now */
  subscribed?(channel: string, count: number): void
  unsubscribed?(channel: string, count: number): void
  presence?(change: PresenceChange): void
}

/** How a connection goes. */
interface Departure {
  readonly isGoodbye: boolean
}

/** What channels are made of. */
export interface ChannelsParts {
  readonly rules: RuleBook
  readonly log: PublicationLog
  readonly fanout: Fanout
  readonly encoders: readonly Encoder[]
  readonly presence: Presence
  readonly limits: ChannelLimits
  readonly clock: Clock
}

/**
 * Channels, as protocols and applications see them: subscribe, publish, history, presence.
 *
 * Delivery never touches a subscriber in JavaScript: a publication is encoded once per wire format and handed to the
 * native topic of that format. What happens per subscriber happens when it subscribes.
 */
export class Channels {
  readonly hub = new Hub()
  readonly #parts: ChannelsParts
  readonly #delivery: Delivery
  readonly #owners: ChannelOwner[] = []
  readonly #observers: ChannelObserver[] = []
  readonly #readers = new JoinReaders()
  readonly #infos = new ClientInfos()
  readonly #reservations = new Reservations()

  constructor(parts: ChannelsParts) {
    this.#parts = parts
    this.#delivery = new Delivery({ ...parts, hub: this.hub })
  }

  addOwner(owner: ChannelOwner): void {
    this.#owners.push(owner)
  }

  observe(observer: ChannelObserver): void {
    this.#observers.push(observer)
  }

  /** @throws SkeinError `limit_exceeded` when the user has too many connections */
  register(connection: Connection): void {
    this.#ensureRoomForUser(connection.identity)
    this.hub.add(connection)
  }

  /** A registered connection has proved who it is. @throws SkeinError `limit_exceeded` */
  identify(connection: Connection, identity: Identity): void {
    this.#ensureRoomForUser(identity)
    this.hub.identify(connection, identity)
  }

  /** The connection's socket is gone. With `isGoodbye` its client meant to go, so its presence ends without grace. */
  unregister(connection: Connection, departure: Departure): void {
    if (!this.hub.remove(connection)) return
    for (const channel of connection.subscriptions.keys()) this.#forget(connection, channel, departure)
    connection.subscriptions.clear()
  }

  /** The rule of a channel. @throws SkeinError `bad_request`, `unknown_channel` */
  ruleOf(channel: string): ChannelRule {
    ensureChannelName(channel, this.#parts.limits.maxChannelLength)
    const rule = this.#parts.rules.find(channel)
    if (!rule) throw new SkeinError("unknown_channel", `no rule of the configuration covers channel "${channel}"`)
    return rule
  }

  /**
   * Subscribes, and calls `reply` exactly once, synchronously before anything of the channel can reach the client:
   * what `reply` sends comes first, then the publications after `result`, each once and in order.
   *
   * @throws SkeinError `already_subscribed`, `limit_exceeded`, `permission_denied`, `unrecoverable_position` … (then `reply` was not called)
   */
  async subscribe(
    connection: Connection,
    channel: string,
    request: SubscribeRequest,
    reply: (result: SubscribeResult) => void,
  ): Promise<void> {
    await this.subscribeAll(connection, new Map([[channel, request]]), ([result]) => reply(result as SubscribeResult))
  }

  /**
   * Subscribes to several channels in one step: one `reply` with all results, then the publications after them.
   * All or none: the first refusal is thrown and nothing is subscribed.
   */
  async subscribeAll(
    connection: Connection,
    requests: ReadonlyMap<string, SubscribeRequest>,
    reply: (results: readonly SubscribeResult[]) => void,
  ): Promise<void> {
    const { log, limits } = this.#parts
    const places: Reservation[] = []
    const joinings: Joining[] = []
    try {
      for (const [channel, request] of requests) {
        const rule = this.ruleOf(channel)
        places.push(this.#reservations.take(connection, channel, limits.maxChannelsPerConnection))
        joinings.push(new Joining(channel, rule, request, this.#readers))
      }
      for (const joining of joinings) await this.#ensureMaySubscribe(connection, joining)
      await settleAll(joinings, log, limits, () => {
        if (places.some(({ isRevoked }) => isRevoked))
          throw new SkeinError("permission_denied", "permission for this channel was withdrawn in the meantime")
        this.#join(connection, joinings, reply)
      })
    } finally {
      for (const joining of joinings) joining.end()
      for (const place of places) place.release()
    }
  }

  /** Leaves on purpose. Not being subscribed is not an error. */
  unsubscribe(connection: Connection, channel: string): void {
    if (!connection.subscriptions.has(channel)) return
    this.#forget(connection, channel, { isGoodbye: true })
    connection.subscriptions.delete(channel)
    connection.outlet.leave(publicationTopic(connection.format, channel))
    connection.outlet.leave(presenceTopic(connection.format, channel))
  }

  /** Takes a subscription away and tells the client why. One that is still being decided is refused. */
  revoke(connection: Connection, channel: string, reason: CloseReason = UNSUBSCRIBE.server): void {
    this.#reservations.revoke(connection, channel)
    this.#end(connection, channel, reason)
  }

  /** Takes a channel away from every connection of a user (kicked, left on another device). */
  revokeUser(userId: string, channel: string): void {
    for (const connection of this.hub.ofUser(userId)) this.revoke(connection, channel)
  }

  /**
   * Publishes for a client. Resolves when subscribers have been handed the publication.
   * @throws SkeinError `permission_denied`, `payload_too_large`, `storage_full` …
   */
  async publishFrom(connection: Connection, channel: string, draft: PublishDraft): Promise<Position | undefined> {
    if (!connection.identity.backEnd) ensureMayPublish(this.ruleOf(channel), connection, channel, draft.data)
    return this.publishAs(connection, channel, draft)
  }

  /** Publishes in the name of a connection whose protocol has its own rules for that, and has checked them. */
  async publishAs(connection: Connection, channel: string, draft: PublishDraft): Promise<Position | undefined> {
    const info = this.#infos.of(connection, connection.subscriptions.get(channel))
    return (await this.#publish(channel, this.ruleOf(channel), { ...draft, info })).position
  }

  /** Publishes for the back end or an application: rules about clients do not apply, limits do. */
  async publish(channel: string, draft: PublishDraft): Promise<Published> {
    return this.#publish(channel, this.ruleOf(channel), draft)
  }

  /**
   * A page, which for a connection ends at half of `maxOutboundBytes` too, with one publication at least: `top` and the
   * offsets tell that there is more.
   *
   * @param reader - undefined: the back end, which may read all
   */
  async history(reader: Connection | undefined, channel: string, request: HistoryQuery): Promise<HistoryPage> {
    const rule = this.#ensureMayRead(reader, channel)
    if (rule.historySize === 0) throw new SkeinError("not_available", `channel "${channel}" keeps no history`)
    if (request.reverse && request.since?.offset === 0)
      throw new SkeinError("bad_request", "history backwards needs an offset above 0 in since")
    const { maxHistoryPage, maxOutboundBytes } = this.#parts.limits
    const limit = request.limit < 0 ? maxHistoryPage : Math.min(request.limit, maxHistoryPage)
    const pageBytes = reader === undefined ? undefined : maxOutboundBytes / 2
    const bound = pageBytes === undefined ? {} : { maxBytes: AnswerRoom.readBytes(pageBytes) }
    const page = await this.#parts.log.history(channel, rule, { ...request, ...bound, limit })
    if (request.since && request.since.epoch !== "" && request.since.epoch !== page.top.epoch)
      throw new SkeinError("unrecoverable_position")
    if (pageBytes === undefined) return page
    return { ...page, publications: new AnswerRoom(pageBytes).page(page.publications) }
  }

  async removeHistory(channel: string): Promise<void> {
    await this.#parts.log.removeHistory(channel, this.ruleOf(channel))
  }

  presence(reader: Connection | undefined, channel: string): Map<string, ClientInfo> {
    this.#ensurePresence(reader, channel)
    return this.#parts.presence.members(channel)
  }

  presenceStats(reader: Connection | undefined, channel: string): { clients: number; users: number } {
    this.#ensurePresence(reader, channel)
    return this.#parts.presence.stats(channel)
  }

  /** For applications: whether anyone of the user is in the channel now, grace included. */
  isPresent(channel: string, userId: string): boolean {
    return this.#parts.presence.isPresent(channel, userId)
  }

  /** Publications handed over by the broker, in order. Never throws. */
  readonly deliver = (channel: string, publication: Publication): void => {
    this.#readers.delivered(channel, publication)
    if (!this.hub.channels.has(channel)) return
    this.#delivery.publication(channel, publication)
  }

  /**
   * The history of these channels restarted: subscribers resubscribe and learn what they can no longer recover. Who is
   * just joining reads again. One walk through the connections, however many channels there are.
   */
  readonly invalidate = (channels: readonly string[]): void => {
    for (const channel of channels) this.#readers.restarted(channel)
    const held = new Set(channels.filter((channel) => this.hub.channels.has(channel)))
    if (held.size === 0) return
    for (const connection of [...this.hub.all()])
      for (const channel of inBoth(held, connection.subscriptions))
        this.#end(connection, channel, UNSUBSCRIBE.insufficientState)
  }

  /** Ends presence graces that are over. Call about once a second. */
  tick(nowMs: number): void {
    this.#announce(this.#parts.presence.expire(nowMs))
  }

  async #publish(channel: string, rule: ChannelRule, draft: Draft): Promise<Published> {
    // What an application says in its own channels it has bounded itself: refused here, it would be stored and never heard.
    if (rule.subscribe !== "app") ensurePayload(draft.data, this.#parts.limits.maxPayloadBytes)
    if (rule.historySize > 0 || draft.idempotencyKey !== undefined) return this.#parts.log.publish(channel, rule, draft)
    this.#parts.log.publishTransient(channel, draft)
    return { duplicate: false }
  }

  async #ensureMaySubscribe(connection: Connection, { channel, rule, request }: Joining): Promise<void> {
    if (rule.subscribe === "app") {
      const owner = this.#ownerOf(channel)
      if (!owner) throw new SkeinError("permission_denied")
      await owner.ensureMaySubscribe(connection, channel)
    } else if (!request.serverSide && !maySubscribe(rule, connection, request.token !== undefined)) {
      throw new SkeinError("permission_denied", `this client may not subscribe to "${channel}"`)
    }
  }

  /** One synchronous step: reply, then topics. Nothing can come between. */
  #join(
    connection: Connection,
    joinings: readonly Joining[],
    reply: (results: readonly SubscribeResult[]) => void,
  ): void {
    // It may have closed while we were asking; its subscriptions are then already cleared.
    if (!this.hub.has(connection)) return
    for (const { channel, subscription } of joinings) {
      // What is collected for this turn is already in the result: it must go to the old subscribers only.
      this.#parts.fanout.flush(publicationTopic(connection.format, channel))
      connection.subscriptions.set(channel, subscription)
      const count = this.hub.subscribed(channel)
      for (const observer of this.#observers) observer.subscribed?.(channel, count)
    }
    reply(joinings.map(({ result }) => result))
    for (const { channel, rule, subscription } of joinings) {
      // What it was just told may have ended it: it could not be shown, or was more than it takes.
      if (!this.hub.has(connection)) return
      connection.outlet.join(publicationTopic(connection.format, channel))
      if (subscription.joinLeave && this.#areFew(channel, rule))
        connection.outlet.join(presenceTopic(connection.format, channel))
      if (!rule.presence) continue
      this.#announce(this.#parts.presence.join(channel, this.#infos.of(connection, subscription)))
    }
  }

  #areFew(channel: string, rule: ChannelRule): boolean {
    const bound = rule.subscribe === "app" ? this.#ownerOf(channel)?.maxUsersTold : undefined
    return bound === undefined || this.#parts.presence.stats(channel).users <= bound
  }

  #ownerOf(channel: string): ChannelOwner | undefined {
    return this.#owners.find(({ prefix }) => channel.startsWith(prefix))
  }

  #end(connection: Connection, channel: string, reason: CloseReason): void {
    if (!connection.subscriptions.has(channel)) return
    this.unsubscribe(connection, channel)
    connection.events.unsubscribed(channel, reason)
  }

  #forget(connection: Connection, channel: string, { isGoodbye }: Departure): void {
    const count = this.hub.unsubscribed(channel)
    for (const observer of this.#observers) observer.unsubscribed?.(channel, count)
    const { presence, clock } = this.#parts
    if (isGoodbye) this.#announce(presence.leave(channel, connection.id))
    else presence.drop(channel, connection.id, clock.nowMs())
  }

  #announce(changes: readonly PresenceChange[]): void {
    for (const change of changes) {
      for (const observer of this.#observers) observer.presence?.(change)
      this.#delivery.presence(change)
    }
  }

  #ensureRoomForUser({ userId }: Identity): void {
    const { maxConnectionsPerUser } = this.#parts.limits
    if (userId !== "" && this.hub.countOfUser(userId) >= maxConnectionsPerUser)
      throw limitError(
        "limits.max_connections_per_user",
        "limit_exceeded",
        `this user already has ${maxConnectionsPerUser} connections`,
      )
  }

  #ensureMayRead(reader: Connection | undefined, channel: string): ChannelRule {
    const rule = this.ruleOf(channel)
    if (reader && !reader.identity.backEnd && !mayRead(rule, reader, channel))
      throw new SkeinError("permission_denied", `this client may not read history or presence of "${channel}"`)
    return rule
  }

  #ensurePresence(reader: Connection | undefined, channel: string): void {
    const rule = this.#ensureMayRead(reader, channel)
    if (!rule.presence) throw new SkeinError("not_available", `channel "${channel}" keeps no presence`)
  }
}

/** Walks through the smaller of the two. */
function inBoth(held: ReadonlySet<string>, subscriptions: ReadonlyMap<string, unknown>): string[] {
  const [fewer, more] = held.size < subscriptions.size ? [held, subscriptions] : [subscriptions, held]
  return [...fewer.keys()].filter((channel) => more.has(channel))
}

/** @throws SkeinError `permission_denied`, `bad_request` */
function ensureMayPublish(rule: ChannelRule, connection: Connection, channel: string, data: Payload): void {
  if (!mayPublish(rule, connection, channel))
    throw new SkeinError("permission_denied", `channel "${channel}" does not accept publications from this client`)
  // One such payload ends all subscribers that speak JSON: not for any client to do.
  if (typeof data !== "string" && !rule.binary)
    throw new SkeinError("bad_request", `channel "${channel}" takes JSON only: its rule has no "binary = true"`)
}
