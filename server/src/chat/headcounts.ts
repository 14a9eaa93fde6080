import type { ChannelObserver } from "../core/channels.ts"
import type { PresenceChange } from "../core/presence.ts"
import type { StoredUser } from "../store/contract.ts"
import { conversationChannel, conversationOf } from "./channel-names.ts"
import { CHAT_LIMITS } from "./contract.ts"
import type { ChatChannels, Pushes } from "./pushes.ts"
import { toUser } from "./wire.ts"

/** How often a crowded conversation is told how many they are, where that has changed. */
export const HEADCOUNT_INTERVAL_MS = 5_000

/** What has changed since the last headcount. */
interface Change {
  readonly memberCount?: number
}

/**
 * Tells a conversation who became a member and who is one no more; and where many are present, only how many they are.
 *
 * A conversation is crowded once more than `presenceMaxUsers` are in it, and stays so until nobody is: those who came
 * meanwhile are not told of joins and leaves (`ChannelOwner.maxUsersTold`), and go by the counts as long as they are here.
 */
export class Headcounts implements ChannelObserver {
  readonly #channels: Pick<ChatChannels, "presenceStats">
  readonly #pushes: Pushes
  /** Conversations by id. */
  readonly #crowded = new Set<string>()
  readonly #changed = new Map<string, Change>()

  constructor(channels: Pick<ChatChannels, "presenceStats">, pushes: Pushes) {
    this.#channels = channels
    this.#pushes = pushes
  }

  joined(conversationId: string, user: StoredUser, memberCount: number): void {
    this.#member("member_joined", conversationId, user, memberCount)
  }

  left(conversationId: string, user: StoredUser, memberCount: number): void {
    this.#member("member_left", conversationId, user, memberCount)
  }

  presence({ channel, ofUser }: PresenceChange): void {
    const conversationId = ofUser ? conversationOf(channel) : undefined
    if (conversationId === undefined) return
    const { users } = this.#channels.presenceStats(undefined, channel)
    if (users > CHAT_LIMITS.presenceMaxUsers) this.#crowded.add(conversationId)
    if (users === 0) this.#forget(conversationId)
    else if (this.#crowded.has(conversationId)) this.#note(conversationId, {})
  }

  /** Tells what has changed. Call every `HEADCOUNT_INTERVAL_MS`. */
  tell(): void {
    for (const [conversationId, { memberCount }] of this.#changed)
      this.#pushes.toConversation(conversationId, {
        type: "headcount",
        conversation_id: conversationId,
        online: this.#channels.presenceStats(undefined, conversationChannel(conversationId)).users,
        ...(memberCount === undefined ? {} : { member_count: memberCount }),
      })
    this.#changed.clear()
  }

  #member(type: "member_joined" | "member_left", conversationId: string, user: StoredUser, memberCount: number): void {
    if (this.#crowded.has(conversationId)) this.#note(conversationId, { memberCount })
    else
      this.#pushes.toConversation(conversationId, {
        type,
        conversation_id: conversationId,
        user: toUser(user),
        member_count: memberCount,
      })
  }

  #note(conversationId: string, change: Change): void {
    this.#changed.set(conversationId, { ...this.#changed.get(conversationId), ...change })
  }

  #forget(conversationId: string): void {
    this.#crowded.delete(conversationId)
    this.#changed.delete(conversationId)
  }
}
