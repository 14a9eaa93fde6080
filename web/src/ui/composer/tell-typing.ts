import { LIMITS } from "../../contract.ts"
import { chat } from "../../state/chat.ts"
import type { Room } from "../../state/rooms.ts"

let told: { id: string; atMs: number } | undefined

/** Tells that I am typing: at most once per three seconds, and not in conversations with many members. */
export function tellTyping(room: Room): void {
  if (room.facts.peek().member_count > LIMITS.typingMaxMembers) return
  if (told?.id === room.id && Date.now() - told.atMs < LIMITS.typingIntervalMs) return
  told = { id: room.id, atMs: Date.now() }
  say(room, true)
}

export function tellTypingStopped(room: Room): void {
  if (told?.id !== room.id) return
  told = undefined
  say(room, false)
}

function say(room: Room, active: boolean): void {
  const connection = chat.peek()?.connection
  if (!connection?.isUp()) return
  connection
    .call("chat.typing", { conversation_id: room.id, active })
    .catch((error: unknown) => console.debug("Typing notice refused:", error))
}
