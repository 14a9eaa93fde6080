import { SkeinError } from "../core/errors.ts"
import { limitError } from "../core/limits.ts"
import type { StoredConversation, StoredMembership, StoreInput } from "../store/contract.ts"
import type { ChatParts } from "./caller.ts"
import { newClientId, newConversationId } from "./ids.ts"
import { cleanName, nameKey } from "./names.ts"
import { toMembership } from "./wire.ts"

const MAX_TOPIC_LENGTH = 200

type Draft = Pick<StoreInput<"createRoom">, "slug" | "name" | "topic" | "ownerId" | "opening">

/** Makes a public room. @throws SkeinError `name_taken`; `limit_exceeded` when there are as many as configured */
export async function makeRoom(
  { store, config, clock }: Pick<ChatParts, "store" | "config" | "clock">,
  draft: Draft,
): Promise<StoredConversation> {
  try {
    const { conversation } = await store.createRoom({
      ...draft,
      id: newConversationId(),
      nameKey: nameKey(`${draft.name} ${draft.slug}`),
      history: "all",
      maxRooms: config.maxRooms,
      nowMs: clock.nowMs(),
    })
    return conversation
  } catch (error) {
    if (!(error instanceof SkeinError) || error.code !== "limit_exceeded") throw error
    // The store counts; what it is called in the configuration is known here.
    throw limitError("chat.max_rooms", "limit_exceeded", error.message)
  }
}

/** What is written of a topic as somebody typed it: nothing where nothing can be seen. @throws SkeinError `bad_request` */
export function topicOf(typed: string | undefined): { readonly topic?: string } {
  if (typed === undefined || typed.trim() === "") return {}
  return { topic: cleanName(typed, MAX_TOPIC_LENGTH, "a room's topic") }
}

type Wish = Pick<Draft, "slug" | "name" | "topic"> & { readonly ownerId: string }

/** Makes a public room for somebody: it begins with a line that says who opened it, and all devices of the owner hear of it. */
export async function openRoom(
  parts: Pick<ChatParts, "store" | "config" | "clock" | "pushes">,
  wish: Wish,
): Promise<{ readonly conversation: StoredConversation; readonly membership: StoredMembership }> {
  const { ownerId, name } = wish
  const opening = { clientId: newClientId(), body: JSON.stringify({ type: "created", by: ownerId, name }) }
  const conversation = await makeRoom(parts, { ...wish, opening })
  const { membership } = await parts.store.membership({ conversationId: conversation.id, userId: ownerId })
  parts.pushes.toUser(ownerId, { type: "conversation_added", conversation: toMembership(membership) })
  return { conversation, membership }
}
