import type { ChannelOwner } from "../core/channels.ts"
import { getOrAdd } from "../core/collections.ts"
import type { Connection } from "../core/connection.ts"
import { SkeinError } from "../core/errors.ts"
import type { ChatStore } from "../store/contract.ts"
import { CHAT_PREFIX, conversationChannel, conversationOf, userChannel } from "./channel-names.ts"
import type { ChatConfig } from "./config.ts"
import { isAnonymousId } from "./ids.ts"
import { ensureUsableId } from "./people.ts"
import type { ChatChannels } from "./pushes.ts"

/**
 * Who may be in the chat's channels: a conversation's only for its members (anonymous sockets: public rooms, when the
 * configuration takes them), a person's own only for that person.
 */
export class ChatOwner implements ChannelOwner {
  readonly prefix = CHAT_PREFIX
  readonly #store: ChatStore
  readonly #channels: ChatChannels
  readonly #config: ChatConfig
  /** Checks that have been asked and not yet led to a subscription, by channel. */
  readonly #checking = new Map<string, Set<Promise<unknown>>>()

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
    const check = this.#store.ensureMayRead({ conversationId, userId: identity.userId, visitor })
    await this.#during(channel, check)
  }

  /** Takes the conversation away from all connections of a user. Call as soon as the membership has ended. */
  cut(userId: string, conversationId: string): void {
    const channel = conversationChannel(conversationId)
    this.#channels.revokeUser(userId, channel)
    const checks = [...(this.#checking.get(channel) ?? [])]
    if (checks.length === 0) return
    // A check answered "member" before the end may lead to a subscription only now: it is cut one turn later.
    void Promise.allSettled(checks)
      .then(nextTurn)
      .then(() => this.#channels.revokeUser(userId, channel))
  }

  async #during(channel: string, check: Promise<unknown>): Promise<void> {
    const checks = getOrAdd(this.#checking, channel, () => new Set<Promise<unknown>>())
    checks.add(check)
    try {
      await check
    } finally {
      setImmediate(() => {
        checks.delete(check)
        if (checks.size === 0 && this.#checking.get(channel) === checks) this.#checking.delete(channel)
      })
    }
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
