import type { Channels } from "../core/channels.ts"
import type { Logger } from "../core/logger.ts"
import { conversationChannel, userChannel } from "./channel-names.ts"
import type { Push } from "./contract.ts"

/** The part of core's channels the chat uses. */
export type ChatChannels = Pick<Channels, "publish" | "revokeUser" | "presence" | "presenceStats" | "observe">

/**
 * Tells subscribers what has been stored. A push that cannot be delivered is logged and forgotten: the database has
 * the truth, and its numbers make clients ask for what they lack.
 */
export class Pushes {
  readonly #channels: ChatChannels
  readonly #log: Logger

  constructor(channels: ChatChannels, log: Logger) {
    this.#channels = channels
    this.#log = log
  }

  toConversation(conversationId: string, push: Push, exclude?: string): void {
    this.#publish(conversationChannel(conversationId), push, exclude)
  }

  toUser(userId: string, push: Push): void {
    this.#publish(userChannel(userId), push)
  }

  #publish(channel: string, push: Push, exclude?: string): void {
    const draft = { data: JSON.stringify(push), ...(exclude === undefined ? {} : { exclude }) }
    this.#channels.publish(channel, draft).catch((error: unknown) => {
      this.#log.warn({ channel, push: push.type, cause: String(error) }, "chat: a push was not delivered")
    })
  }
}
