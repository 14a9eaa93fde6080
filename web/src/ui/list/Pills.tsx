import { useEffect, useState } from "preact/hooks"
import { LIMITS } from "../../contract.ts"
import { t } from "../../i18n/index.ts"
import { seen } from "../../state/actions.ts"
import { target, toEnd } from "../../state/compose.ts"
import type { Room } from "../../state/rooms.ts"
import { isAttached } from "../../sync/thread.ts"
import { Icon } from "../bits/Icon.tsx"
import { onEscape } from "../escape.ts"
import type { View } from "./scroll-keeper.ts"

export const capped = (count: number): string => (count >= LIMITS.unreadCap ? "99+" : String(count))

interface Props {
  room: Room
  view: View
  unreadAfter: number | undefined
  unreadAtOpen: number
}

/** What lies out of sight: new messages above (from before) and below (since). */
export function ListPills({ room, view, unreadAfter, unreadAtOpen }: Props) {
  const thread = room.thread.value
  const [dismissed, setDismissed] = useState(false)
  useEffect(() => setDismissed(false), [room])
  const above = unreadAfter !== undefined && !dismissed && thread.loaded && view.dividerAbove !== false
  const inWindow = view.dividerAbove !== undefined
  const firstHeld = thread.rows[0]?.message.seq ?? 0
  const showChip = above && (inWindow || firstHeld > unreadAfter + 1)

  const dismiss = () => {
    setDismissed(true)
    seen(room, room.thread.peek().seqHead)
  }
  useEffect(() => (showChip ? onEscape("mark-read", dismiss) : undefined), [showChip, room])
  useEffect(() => {
    // Having been there once is enough.
    if (view.dividerAbove === false) setDismissed(true)
  }, [view.dividerAbove])

  const below = !view.atBottom || !isAttached(thread)
  const news = room.unread.value
  return (
    <>
      {showChip && (
        <div class="chip-above">
          <button
            type="button"
            class="chip"
            onClick={() => {
              setDismissed(true)
              target.value = { roomId: room.id, seq: unreadAfter + 1, part: 0.2, flash: false }
            }}
          >
            <span class="turned">
              <Icon name="down" size={15} />
            </span>
            {t().toUnread(capped(unreadAtOpen))}
          </button>
          <button type="button" class="chip-close" aria-label={t().dismiss} title={t().dismiss} onClick={dismiss}>
            <Icon name="close" size={15} />
          </button>
        </div>
      )}
      {below && thread.loaded && (
        <button
          type="button"
          class={news > 0 ? "pill news" : "pill"}
          aria-label={news > 0 ? undefined : t().toNewest}
          title={t().toNewest}
          onClick={() => toEnd.value++}
        >
          {news > 0 && <span>{t().newBelow(capped(news))}</span>}
          <Icon name="down" size={16} />
        </button>
      )}
    </>
  )
}
