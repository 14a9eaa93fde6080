import { SkeinError } from "../../core/errors.ts"
import type { StoredConversation } from "../../store/contract.ts"
import type { ChatParts } from "../caller.ts"
import { CHAT_LIMITS } from "../contract.ts"
import { newClientId } from "../ids.ts"
import { cleanName, slugOf } from "../names.ts"
import { makeRoom } from "../new-rooms.ts"
import { toConversation, toMembership } from "../wire.ts"
import type { BackEndInput } from "./contract.ts"

const CONVERSATION_ID = /^c_[0-9a-z]{24}$/

/** The conversation a back end names by id or by slug. @throws SkeinError `not_found` */
export async function findPlace({ store }: ChatParts, room: string): Promise<string> {
  // An id that nobody has is told by the operation it is for.
  if (CONVERSATION_ID.test(room)) return room
  return (await store.roomBySlug({ slug: slugOf(room) })).conversation.id
}

/** Asking twice finds the room of the first time, so that a back end may simply ask before it needs one. */
export async function createRoom(parts: ChatParts, input: BackEndInput<"chat.rooms.create">) {
  const title = cleanName(input.name, CHAT_LIMITS.maxRoomNameLength, "a room's name")
  const slug = slugOf(input.slug ?? title)
  if (slug === "") throw new SkeinError("bad_request", "a room's slug must have at least one letter or digit")
  const existing = await roomNamed(parts, slug)
  if (existing) return { conversation: toConversation(existing), created: false }
  try {
    return { conversation: toConversation(await openRoom(parts, input, title, slug)), created: true }
  } catch (error) {
    // Two asked at once.
    const winner = error instanceof SkeinError && error.code === "name_taken" ? await roomNamed(parts, slug) : undefined
    if (winner) return { conversation: toConversation(winner), created: false }
    throw error
  }
}

async function roomNamed({ store }: ChatParts, slug: string): Promise<StoredConversation | undefined> {
  try {
    return (await store.roomBySlug({ slug })).conversation
  } catch (error) {
    if (error instanceof SkeinError && error.code === "not_found") return undefined
    throw error
  }
}

async function openRoom(
  parts: ChatParts,
  { topic, owner }: BackEndInput<"chat.rooms.create">,
  title: string,
  slug: string,
): Promise<StoredConversation> {
  const { store, people, pushes } = parts
  const ownerId = owner && (await people.told(owner)).id
  const subject = topic === undefined || topic.trim() === "" ? undefined : cleanName(topic, 200, "a room's topic")
  const opening = { clientId: newClientId(), body: JSON.stringify({ type: "created", by: ownerId, name: title }) }
  const conversation = await makeRoom(parts, {
    slug,
    name: title,
    ...(subject === undefined ? {} : { topic: subject }),
    ...(ownerId === undefined ? {} : { ownerId, opening }),
  })
  if (ownerId !== undefined) {
    const { membership } = await store.membership({ conversationId: conversation.id, userId: ownerId })
    pushes.toUser(ownerId, { type: "conversation_added", conversation: toMembership(membership) })
  }
  return conversation
}
