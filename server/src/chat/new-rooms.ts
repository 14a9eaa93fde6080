import { SkeinError } from "../core/errors.ts"
import { limitError } from "../core/limits.ts"
import type { StoreInput, StoreOutput } from "../store/contract.ts"
import type { ChatParts } from "./caller.ts"
import { newConversationId } from "./ids.ts"
import { nameKey } from "./names.ts"

type Draft = Pick<StoreInput<"createRoom">, "slug" | "name" | "topic" | "ownerId" | "opening">

/** Makes a public room. @throws SkeinError `name_taken`; `limit_exceeded` when there are as many as configured */
export async function makeRoom(
  { store, config, clock }: Pick<ChatParts, "store" | "config" | "clock">,
  draft: Draft,
): Promise<StoreOutput<"createRoom">["conversation"]> {
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
