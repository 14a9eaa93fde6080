import { UNSUBSCRIBE } from "../../core/close-codes.ts"
import type { Connection, SubscribeRequest } from "../../core/connection.ts"
import { SkeinError } from "../../core/errors.ts"
import type { Position } from "../../core/publication.ts"
import type { Permission } from "../../core/rules.ts"
import { CHAT_PREFIX } from "./encoders.ts"
import type { PlainParts } from "./options.ts"
import { replies } from "./replies.ts"

/** The channels of one connection, beside its room. */
export class ChannelCommands {
  readonly #parts: PlainParts
  readonly #connection: Connection
  readonly #anonymous: boolean

  /** @param anonymous - its user id was made up by the server and opens nothing that needs a user */
  constructor(parts: PlainParts, connection: Connection, anonymous: boolean) {
    this.#parts = parts
    this.#connection = connection
    this.#anonymous = anonymous
  }

  async subscribe(channel: string, token: string | undefined): Promise<void> {
    ensureNotChat(channel)
    const request = token === undefined ? {} : { token: await this.#grant(channel, token) }
    if (token === undefined) this.#ensureUser(this.#parts.channels.ruleOf(channel).subscribe)
    await this.#subscribe(channel, request, (position) => replies.subscribed(channel, position))
  }

  /** A channel the token of the connection names. */
  async subscribeByServer(channel: string): Promise<void> {
    ensureNotChat(channel)
    await this.#subscribe(channel, { serverSide: true }, () => undefined)
  }

  /** After its history was lost: the client keeps the subscription and is told. */
  async resubscribe(channel: string): Promise<void> {
    const message = replies.resubscribed(channel)
    try {
      // It had permission a moment ago, perhaps by a token that it would have to send again: so the server subscribes it.
      await this.#subscribe(channel, { serverSide: true }, () => message)
    } catch (error) {
      this.#connection.outlet.send(replies.unsubscribed(channel, UNSUBSCRIBE.insufficientState))
      throw error
    }
  }

  unsubscribe(channel: string): void {
    ensureNotChat(channel)
    this.#parts.channels.unsubscribe(this.#connection, channel)
    this.#connection.outlet.send(replies.unsubscribed(channel))
  }

  async history(channel: string, limit: number, since: Position | undefined): Promise<void> {
    ensureNotChat(channel)
    this.#ensureUser(this.#parts.channels.ruleOf(channel).read)
    const request = since === undefined ? { limit, reverse: true } : { limit, since }
    const { publications, top } = await this.#parts.channels.history(this.#connection, channel, request)
    const oldestFirst = since === undefined ? publications.toReversed() : publications
    this.#connection.outlet.send(replies.channelHistory(channel, top, oldestFirst))
  }

  /** Resolves when subscribers have been handed the frame. */
  async publish(channel: string, frame: string): Promise<void> {
    ensureNotChat(channel)
    await this.#parts.channels.publishFrom(this.#connection, channel, { data: frame })
  }

  async #subscribe(
    channel: string,
    request: SubscribeRequest,
    reply: (position: Position | undefined) => string | undefined,
  ): Promise<void> {
    await this.#parts.channels.subscribe(this.#connection, channel, request, ({ position }) => {
      const message = reply(position)
      if (message !== undefined) this.#connection.outlet.send(message)
    })
  }

  async #grant(channel: string, token: string): Promise<NonNullable<SubscribeRequest["token"]>> {
    const userId = this.#anonymous ? "" : this.#connection.identity.userId
    const verdict = await this.#parts.tokens.subscription(token, { userId, channel, clientId: this.#connection.id })
    if (verdict.kind === "ok") return verdict.grant
    this.#parts.log.info({ channel, why: verdict.why }, "plain: subscription token refused")
    if (verdict.kind === "expired") throw new SkeinError("token_expired")
    throw new SkeinError("permission_denied", "the token does not open this channel: the server's log says why")
  }

  #ensureUser(permission: Permission | "app" | "subscriber"): void {
    if (permission === "user" && this.#anonymous && !this.#connection.identity.backEnd)
      throw new SkeinError("permission_denied", "this channel is for signed-in users")
  }
}

function ensureNotChat(channel: string): void {
  if (channel.startsWith(CHAT_PREFIX))
    throw new SkeinError("permission_denied", `channels of the chat (${CHAT_PREFIX}…) are not used directly: join_room`)
}
