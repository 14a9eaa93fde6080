import type { Message } from "../../contract.ts"
import type { Row } from "../../sync/thread.ts"

/** What the list draws, top to bottom. */
export type Item =
  | { readonly type: "day"; readonly key: string; readonly at: number }
  | { readonly type: "unread"; readonly key: string }
  | { readonly type: "gap"; readonly key: string; readonly from: number; readonly to: number }
  | { readonly type: "message"; readonly key: string; readonly message: Message; readonly first: boolean }

/** Messages of one person within this time stand together under one name. */
export const GROUP_WITHIN_MS = 5 * 60_000

const sameDay = (a: number, b: number): boolean => new Date(a).toDateString() === new Date(b).toDateString()

/** Whether `message` continues what `before` began: same person, soon after, nothing between. */
function continues(before: Message | undefined, message: Message): boolean {
  if (before?.kind !== "text" || message.kind !== "text") return false
  if (before.sender_id !== message.sender_id || message.reply_to_seq !== undefined) return false
  const apart = message.created_at - before.created_at
  return Math.abs(apart) < GROUP_WITHIN_MS && sameDay(before.created_at, message.created_at)
}

/**
 * Puts the dividers between the rows. `unreadAfter` is the read position frozen when the room was opened;
 * the divider stands before the first message of somebody else above it.
 */
export function itemsOf(
  rows: readonly Row[],
  unreadAfter: number | undefined,
  myId: string,
  hasBefore = false,
): Item[] {
  const items: Item[] = []
  let before: Message | undefined
  const firstSeq = rows[0]?.message.seq ?? 0
  // Where the first unread message is not held, the place of the divider is not known.
  let divided = unreadAfter === undefined || (hasBefore && firstSeq > unreadAfter + 1)
  for (const { message } of rows) {
    const gap = before !== undefined && message.seq > before.seq + 1
    if (gap && before) items.push({ type: "gap", key: `gap-${before.seq}`, from: before.seq + 1, to: message.seq - 1 })
    const newDay = !before || !sameDay(before.created_at, message.created_at)
    if (newDay) items.push({ type: "day", key: `day-${message.seq}`, at: message.created_at })
    const isNew = !divided && message.seq > (unreadAfter ?? 0) && message.sender_id !== myId && message.kind === "text"
    if (isNew) items.push({ type: "unread", key: "unread" })
    divided ||= isNew
    const first = gap || newDay || isNew || !continues(before, message)
    items.push({ type: "message", key: message.client_id || message.id, message, first })
    before = message
  }
  return items
}
