import type { ChannelOwner } from "../core/channels.ts"
import type { Connection } from "../core/connection.ts"
import { SkeinError } from "../core/errors.ts"
import type { ChatStore } from "../store/contract.ts"
import { CHAT_PREFIX, conversationChannel, conversationOf, userChannel } from "./channel-names.ts"
import type { ChatConfig } from "./config.ts"
import { CHAT_LIMITS } from "./contract.ts"
import { isAnonymousId } from "./ids.ts"
import { ensureUsableId } from "./profile.ts"
import type { ChatChannels } from "./pushes.ts"

/**
 * Who may be in the chat's channels: a conversation's only for its members (anonymous sockets: public rooms, when the
 * configuration takes them), a person's own only for that person.
 */
export class ChatOwner implements ChannelOwner {
  readonly prefix = CHAT_PREFIX
  readonly maxUsersTold = CHAT_LIMITS.presenceMaxUsers
  readonly #store: ChatStore
  readonly #channels: ChatChannels
  readonly #config: ChatConfig

  constructor(store: ChatStore, channels: ChatChannels, config: ChatConfig) {
    this.#store = store
    this.#channels = channels
    this.#config = config
  }

  async ensureMaySubscribe({ identity }: Pick<Connection, "identity">, channel: string): Promise<void> {
    ensureUsableId(identity)
    const conversationId = conversationOf(channel)
    if (conversationId === undefined) {
      if (channel === userChannel(identity.userId)) return
      throw new SkeinError("permission_denied", "this channel belongs to somebody else")
    }
    const visitor = this.#config.anonymous && isAnonymousId(identity.userId)
    await this.#store.ensureMayRead({ conversationId, userId: identity.userId, visitor })
  }

  /**
   * Takes the conversation away from all connections of a user, also from one that was found to be a member's just
   * before and is about to be subscribed. Call as soon as the membership has ended.
   */
  cut(userId: string, conversationId: string): void {
    this.#channels.revokeUser(userId, conversationChannel(conversationId))
  }
}
