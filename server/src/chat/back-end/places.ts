import { SkeinError } from "../../core/errors.ts"
import type { StoredConversation } from "../../store/contract.ts"
import type { ChatParts } from "../caller.ts"
import { CHAT_LIMITS } from "../contract.ts"
import { cleanName, slugOf } from "../names.ts"
import { makeRoom, openRoom, topicOf } from "../new-rooms.ts"
import { toConversation } from "../wire.ts"
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
    return { conversation: toConversation(await open(parts, input, title, slug)), created: true }
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

async function open(
  parts: ChatParts,
  { topic, owner }: BackEndInput<"chat.rooms.create">,
  name: string,
  slug: string,
): Promise<StoredConversation> {
  const ownerId = owner && (await parts.people.told(owner)).id
  const draft = { slug, name, ...topicOf(topic) }
  if (ownerId === undefined) return makeRoom(parts, draft)
  return (await openRoom(parts, { ...draft, ownerId })).conversation
}
