import type { Message } from "../../contract.ts"
import { editMessage } from "../../state/actions.ts"
import { type Intent, intent, laidAside } from "../../state/compose.ts"
import { openRoom } from "../../state/place.ts"
import type { Room } from "../../state/rooms.ts"

/** A refused edit comes back into the composer of its room instead of being lost. */
export async function saveEdit(room: Room, message: Message, text: string): Promise<void> {
  if (await editMessage(room, message, text)) return
  const again: Intent = { kind: "edit", message, text }
  if (openRoom.peek() === room && !intent.peek()) intent.value = again
  else laidAside.set(room.id, again)
}

/** The room is left in the middle of an edit or a reply: it waits there. `text` is what the field holds. */
export function layAside(room: Room, text: string): void {
  const current = intent.peek()
  if (current?.message.conversation_id !== room.id) return
  laidAside.set(room.id, current.kind === "edit" ? { ...current, text } : current)
}

/** What was laid aside in this room, if it can still be done. */
export function takeUp(room: Room): Intent | undefined {
  const found = laidAside.get(room.id)
  laidAside.delete(room.id)
  return found && asItIsNow(room, found.message).state === "live" ? found : undefined
}

/** The message may have been edited or deleted since. */
export const asItIsNow = (room: Room, message: Message): Message =>
  room.thread.value.rows.find((row) => row.message.seq === message.seq)?.message ?? message
