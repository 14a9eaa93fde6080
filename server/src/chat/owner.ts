import type { ChannelOwner } from "../core/channels.ts"
import type { Clock } from "../core/clock.ts"
import type { Connection } from "../core/connection.ts"
import { SkeinError } from "../core/errors.ts"
import type { ChatStore } from "../store/contract.ts"
import { CHAT_PREFIX, conversationChannel, conversationOf, userChannel } from "./channel-names.ts"
import type { ChatConfig } from "./config.ts"
import { isAnonymousId } from "./ids.ts"
import { ensureUsableId } from "./people.ts"
import type { ChatChannels } from "./pushes.ts"

/** When a cut is made sure of. A subscription takes milliseconds; one that waits for a slow broker, seconds. */
const RECHECKS_MS = [10, 1_000, 15_000]

/**
 * Who may be in the chat's channels: a conversation's only for its members (anonymous sockets: public rooms, when the
 * configuration takes them), a person's own only for that person.
 */
export class ChatOwner implements ChannelOwner {
  readonly prefix = CHAT_PREFIX
  readonly #store: ChatStore
  readonly #channels: ChatChannels
  readonly #config: ChatConfig
  readonly #clock: Clock

  constructor(store: ChatStore, channels: ChatChannels, config: ChatConfig, clock: Clock) {
    this.#store = store
    this.#channels = channels
    this.#config = config
    this.#clock = clock
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
   * Takes the conversation away from all connections of a user. Call as soon as the membership has ended.
   *
   * A connection that was found to be a member's just before may be subscribed only now (it subscribes to several
   * channels in one step, and waits for the slowest): who is still no member is cut again a little later.
   */
  cut(userId: string, conversationId: string): void {
    const revoke = () => this.#channels.revokeUser(userId, conversationChannel(conversationId))
    revoke()
    for (const delayMs of RECHECKS_MS)
      this.#clock.after(delayMs, () => {
        this.#store.ensureMayRead({ conversationId, userId }).catch((error: unknown) => {
          // A store that is down says nothing about the membership; the first cut stands.
          if (error instanceof SkeinError && error.code === "not_a_member") revoke()
        })
      })
  }
}
