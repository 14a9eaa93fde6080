import type { Clock } from "../../core/clock.ts"
import type { Identity } from "../../core/connection.ts"
import { SkeinError } from "../../core/errors.ts"
import type { Logger } from "../../core/logger.ts"
import type { ChatStore, MergedConversation, StoredUser, StoreOutput } from "../../store/contract.ts"
import type { ChatOwner } from "../owner.ts"
import type { People } from "../people.ts"
import type { Pushes } from "../pushes.ts"
import { toMembership, toUser } from "../wire.ts"
import { cookieOf, SESSION_COOKIE } from "./cookie.ts"
import type { LoginClaims } from "./keys.ts"
import type { Logins } from "./logins.ts"

export interface MergingParts {
  readonly store: ChatStore
  readonly people: People
  readonly logins: Logins
  readonly pushes: Pushes
  readonly owner: Pick<ChatOwner, "cut">
  readonly clock: Clock
  readonly log: Logger
  /** Ends all connections of a user. */
  readonly closeUser: (userId: string) => void
}

/** Conversations of a user that are looked up to be told. */
const MAX_TOLD = 500

/**
 * A guest who signs in at the site goes on as the member: what was the guest's is the member's.
 *
 * Only for a guest whose login is live in the browser that now also has the site's: whoever was signed out, or has
 * become somebody already, is left alone, so that the next person at the same machine inherits nothing.
 */
export class GuestMerging {
  readonly #parts: MergingParts

  constructor(parts: MergingParts) {
    this.#parts = parts
  }

  /**
   * The site says who a request is: the guest of its cookie is that person. Never rejects: who cannot be merged now
   * is at the next request, and is let in as the member all the same.
   *
   * @returns whether the guest's cookie is of no more use
   */
  async welcome(headers: Headers, identity: Identity): Promise<boolean> {
    const { logins, people } = this.#parts
    try {
      const guest = await logins.liveGuest(cookieOf(headers, SESSION_COOKIE))
      return guest !== undefined && (await this.into(await people.of(identity), guest))
    } catch (error) {
      this.#failed(error)
      return false
    }
  }

  /** @param guest - a live login. @returns as `welcome`; never rejects */
  async into(user: StoredUser, guest: LoginClaims): Promise<boolean> {
    const { store, clock } = this.#parts
    // Sites may call some of their own users guests: those become nobody else, and nobody becomes one of them.
    if (user.guest) return false
    try {
      const answer = await store.mergeGuest({ guestId: guest.userId, userId: user.id, nowMs: clock.nowMs() })
      await this.#end(guest)
      if (answer.merged) await this.#tell(answer)
      return true
    } catch (error) {
      this.#failed(error)
      return false
    }
  }

  /** Also where he is still connected: his clients come back, and are asked who they are. */
  async #end(guest: LoginClaims): Promise<void> {
    const { people, logins, closeUser } = this.#parts
    people.forget(guest.userId)
    try {
      await logins.end(guest)
    } finally {
      closeUser(guest.userId)
    }
  }

  async #tell({ guest, user, conversations }: StoreOutput<"mergeGuest">): Promise<void> {
    const { pushes, store } = this.#parts
    for (const { conversationId, seqHead, chgHead, memberCount } of conversations)
      pushes.toConversation(conversationId, {
        type: "user_merged",
        conversation_id: conversationId,
        seq_head: seqHead,
        chg_head: chgHead,
        from: guest.id,
        user: toUser(user),
        member_count: memberCount,
      })
    const { memberships } = await store.hello({ userId: user.id, limit: MAX_TOLD })
    const touched = new Set(conversations.map(({ conversationId }) => conversationId))
    for (const membership of memberships)
      if (touched.has(membership.id))
        pushes.toUser(user.id, { type: "conversation_added", conversation: toMembership(membership) })
    for (const conversation of conversations) await this.#tellPeer(conversation)
  }

  /** The other one of a direct conversation sees whom he talks with now. */
  async #tellPeer({ conversationId, movedFrom, peerId }: MergedConversation): Promise<void> {
    const { store, owner, pushes } = this.#parts
    if (peerId === undefined) return
    if (movedFrom !== undefined) {
      owner.cut(peerId, movedFrom)
      pushes.toUser(peerId, { type: "conversation_removed", conversation_id: movedFrom })
    }
    const { membership } = await store.membership({ conversationId, userId: peerId })
    // Opened and never used: he has not heard of it yet.
    if (membership.seqHead > 0)
      pushes.toUser(peerId, { type: "conversation_added", conversation: toMembership(membership) })
  }

  #failed(error: unknown): void {
    const isExpected = error instanceof SkeinError && !error.temporary && error.code !== "internal"
    const { log } = this.#parts
    const facts = { cause: String(error) }
    if (isExpected) log.info(facts, "chat: a guest's cookie came with somebody he does not become")
    else log.warn(facts, "chat: a guest who signed in could not be merged; tried again when he comes again")
  }
}
