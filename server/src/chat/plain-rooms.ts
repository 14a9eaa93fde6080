import type { Identity } from "../core/connection.ts"
import { SkeinError } from "../core/errors.ts"
import type { JsonText } from "../core/publication.ts"
import type { EnteredRoom, RoomLine, Rooms, SayOptions } from "../core/rooms.ts"
import type { StoredConversation, StoredMessage, StoredUser } from "../store/contract.ts"
import { type Caller, type ChatParts, ensureRate, ratedBy } from "./caller.ts"
import { say } from "./calls/messages.ts"
import { becomeMember, leaveRoom } from "./calls/rooms.ts"
import { conversationChannel } from "./channel-names.ts"
import type { Push } from "./contract.ts"
import { anonymousIdOf, isAnonymousId, newClientId } from "./ids.ts"
import { cleanName, slugOf } from "./names.ts"
import { makeRoom } from "./new-rooms.ts"
import { mayCreateRooms } from "./policies.ts"

const GUEST = { en: "Guest", "zh-CN": "访客" }

interface Opener {
  readonly identity: Identity
  readonly user: Pick<StoredUser, "id" | "guest">
}

/** The chat's rooms for clients that speak no chat protocol; the promises are in core/rooms.ts. */
export class PlainRooms implements Rooms {
  readonly #parts: ChatParts

  constructor(parts: ChatParts) {
    this.#parts = parts
  }

  anonymous(connectionId: string, address: string): Identity {
    const { anonymous, language } = this.#parts.config
    if (!anonymous)
      throw new SkeinError("unauthorized", "this server does not accept visitors without an identity: sign in first")
    const userId = anonymousIdOf(connectionId)
    const name = `${GUEST[language]} ${userId.slice(-4).toUpperCase()}`
    const network = this.#parts.networkOf(address)
    return { userId, info: JSON.stringify({ name, guest: true }), ...(network === undefined ? {} : { network }) }
  }

  async enter(identity: Identity, slug: string, { create }: { readonly create: boolean }): Promise<EnteredRoom> {
    const wanted = slugOf(slug)
    if (wanted === "") throw new SkeinError("bad_request", "a room's name must have at least one letter or digit")
    this.#ensureMayVisit(identity)
    if (isAnonymousId(identity.userId)) {
      // Stored only when it speaks; taking from its rate all the same.
      ensureRate(this.#parts, identity, identity.userId, "join")
      const user = { id: identity.userId, guest: true }
      return entered(await this.#find(wanted, create, { identity, user }, slug))
    }
    const user = await this.#parts.people.of(identity)
    const room = await this.#find(wanted, create, { identity, user }, slug)
    await becomeMember(this.#parts, { identity, user }, room.id)
    return entered(room)
  }

  async say(identity: Identity, conversationId: string, text: string, options: SayOptions = {}): Promise<RoomLine> {
    const caller = await this.#caller(identity)
    const { exclude, clientId = newClientId() } = options
    const { message, sender } = await say(this.#parts, caller, {
      conversationId,
      clientId: checkedClientId(clientId),
      text,
      visitor: isAnonymousId(identity.userId),
      ...(exclude === undefined ? {} : { exclude }),
    })
    return lineOf(message, sender.name)
  }

  async leave(identity: Identity, conversationId: string): Promise<void> {
    if (isAnonymousId(identity.userId))
      return this.#parts.channels.revokeUser(identity.userId, conversationChannel(conversationId))
    await leaveRoom(this.#parts, await this.#caller(identity), { conversation_id: conversationId })
  }

  async recent(identity: Identity, conversationId: string, limit: number): Promise<RoomLine[]> {
    this.#ensureMayVisit(identity)
    ensureRate(this.#parts, identity, identity.userId, "query")
    const { messages, users } = await this.#parts.store.page({
      conversationId,
      userId: identity.userId,
      visitor: isAnonymousId(identity.userId),
      limit: Math.min(100, Math.max(1, Math.trunc(limit))),
    })
    const names = new Map(users.map(({ id, name }) => [id, name]))
    return messages
      .filter(({ kind, state }) => kind === "text" && state === "live")
      .map((message) => lineOf(message, names.get(message.senderId) ?? ""))
  }

  line(data: JsonText): RoomLine | undefined {
    // Cheap first: most pushes of a busy room are lines, but every typing notice comes by here too.
    if (!data.startsWith('{"type":"message"')) return undefined
    const push = JSON.parse(data) as Push
    if (push.type !== "message" || push.message.kind !== "text") return undefined
    const { message, user } = push
    return {
      conversationId: message.conversation_id,
      seq: message.seq,
      clientId: message.client_id,
      senderId: message.sender_id,
      senderName: user.name,
      text: message.body,
      timeMs: message.created_at,
    }
  }

  async #caller(identity: Identity): Promise<Caller> {
    this.#ensureMayVisit(identity)
    const { people } = this.#parts
    const user = isAnonymousId(identity.userId) ? await people.ofAnonymous(identity) : await people.of(identity)
    return { identity, user }
  }

  #ensureMayVisit({ userId }: Identity): void {
    if (userId === "") throw new SkeinError("unauthorized", "sign in first: this connection has no user")
    if (isAnonymousId(userId) && !this.#parts.config.anonymous)
      throw new SkeinError("unauthorized", "this server does not accept visitors without an identity: sign in first")
  }

  async #find(slug: string, create: boolean, opener: Opener, title: string) {
    try {
      return (await this.#parts.store.roomBySlug({ slug })).conversation
    } catch (error) {
      const isMissing = error instanceof SkeinError && error.code === "not_found"
      if (!isMissing || !create || !mayCreateRooms(this.#parts.config, opener.user)) throw error
    }
    return this.#open(slug, title, opener)
  }

  async #open(slug: string, title: string, { identity, user }: Opener): Promise<StoredConversation> {
    ensureRate(this.#parts, identity, ratedBy(identity), "create")
    const name = cleanName(title, 60, "a room's name")
    try {
      // Anonymous people are gone with their socket: what they open belongs to nobody.
      const owner = isAnonymousId(user.id) ? {} : { ownerId: user.id }
      return await makeRoom(this.#parts, { slug, name, ...owner })
    } catch (error) {
      // Two came at once: the other one made it.
      if (!(error instanceof SkeinError) || error.code !== "name_taken") throw error
      return (await this.#parts.store.roomBySlug({ slug })).conversation
    }
  }
}

function checkedClientId(clientId: string): string {
  if (clientId.length >= 8 && clientId.length <= 64) return clientId
  throw new SkeinError("bad_request", `a client id must have 8 to 64 characters, got ${clientId.length}`)
}

const entered = ({ id, slug = "", name = "" }: StoredConversation): EnteredRoom => ({
  conversationId: id,
  slug,
  name,
  channel: conversationChannel(id),
})

const lineOf = (message: StoredMessage, senderName: string): RoomLine => ({
  conversationId: message.conversationId,
  seq: message.seq,
  clientId: message.clientId,
  senderId: message.senderId,
  senderName,
  text: message.body,
  timeMs: message.createdAtMs,
})
