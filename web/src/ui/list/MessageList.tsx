import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks"
import { t } from "../../i18n/index.ts"
import { dayName } from "../../i18n/time.ts"
import type { Letter } from "../../outbox/queue.ts"
import { chat } from "../../state/chat.ts"
import { progressOf } from "../../state/history.ts"
import { me } from "../../state/people.ts"
import type { Room } from "../../state/rooms.ts"
import { isAttached } from "../../sync/thread.ts"
import { Beginning, GapRow, RetryRow } from "./edge-rows.tsx"
import { GROUP_WITHIN_MS, type Item, itemsOf } from "./items.ts"
import { moveBetweenMessages } from "./list-keys.ts"
import { ActionSheet } from "./MessageActions.tsx"
import { MessageRow } from "./MessageRow.tsx"
import { PendingRow } from "./PendingRow.tsx"
import { ListPills } from "./Pills.tsx"
import { Skeleton } from "./Skeleton.tsx"
import { useAfter } from "./use-after.ts"
import { useListLife } from "./use-list-life.ts"

/** Letters drawn after the log: not those whose message the log already shows or counts. */
function lettersOf(room: Room, letters: readonly Letter[]): Letter[] {
  const thread = room.thread.value
  const shown = new Set(thread.rows.slice(-100).map((row) => row.message.client_id))
  return letters.filter((letter) => {
    if (letter.conversation_id !== room.id || shown.has(letter.client_id)) return false
    return !(letter.state === "sent" && letter.seq !== undefined && letter.seq <= thread.seqHead)
  })
}

export function MessageList({ room }: { room: Room }) {
  const box = useRef<HTMLElement>(null)
  const thread = room.thread.value
  // Frozen when the room is opened: it does not move while the reader is here.
  const unreadAfter = useMemo(() => (room.unread.peek() > 0 ? room.readSeq.peek() : undefined), [room])
  const unreadAtOpen = useMemo(() => room.unread.peek(), [room])
  const myId = me.value?.id ?? ""
  const items = useMemo(() => itemsOf(thread.rows, unreadAfter, myId, thread.hasBefore), [thread, unreadAfter, myId])
  const letters = !thread.loaded || isAttached(thread) ? lettersOf(room, chat.value?.outbox.letters.value ?? []) : []
  const view = useListLife(room, box, unreadAfter, {
    items,
    letters: letters.length,
  })
  const waiting = useAfter(!thread.loaded && progressOf(room, "newest") === "busy", 200)

  return (
    <div class="list-frame">
      <section
        ref={box}
        class="list-box"
        onKeyDown={(event) => moveBetweenMessages(event, room)}
        aria-label={t().messages}
        // A scroll box must be reachable by keyboard.
        tabIndex={items.length === 0 ? 0 : -1}
      >
        <div class="column">
          {waiting && <Skeleton />}
          {!thread.loaded && progressOf(room, "newest") === "failed" && <RetryRow room={room} edge="newest" />}
          {thread.loaded && !thread.hasBefore && (
            <Beginning room={room} empty={!items.some(isSaid) && letters.length === 0} />
          )}
          {progressOf(room, "before") === "failed" && <RetryRow room={room} edge="before" />}
          <ol class="messages">
            <Rows room={room} items={items} />
            {letters.map((letter, index) => (
              <PendingRow key={letter.client_id} letter={letter} first={startsGroup(items, letters, index, myId)} />
            ))}
          </ol>
          {progressOf(room, "after") === "failed" && <RetryRow room={room} edge="after" />}
        </div>
      </section>
      <ListPills room={room} view={view} unreadAfter={unreadAfter} unreadAtOpen={unreadAtOpen} />
      <ActionSheet />
    </div>
  )
}

/** Something that somebody said, not a fact about the room ("created by …"). */
const isSaid = (item: Item): boolean => item.type === "message" && item.message.kind === "text"

function startsGroup(items: readonly Item[], letters: readonly Letter[], index: number, myId: string): boolean {
  if (letters[index]?.reply_to_seq !== undefined) return true
  if (index > 0) return false
  const last = items.at(-1)
  if (last?.type !== "message" || last.message.kind !== "text" || last.message.sender_id !== myId) return true
  return (letters[0]?.written_at ?? 0) - last.message.created_at > GROUP_WITHIN_MS
}

function Rows({ room, items }: { room: Room; items: readonly Item[] }) {
  const lastMessage = items.findLast((item) => item.type === "message" && item.message.kind === "text")
  const [roving, setRoving] = useState<string | undefined>(undefined)
  const tabbable = items.some((item) => item.key === roving) ? roving : lastMessage?.key
  const list = useRef<HTMLElement | null>(null)
  useLayoutEffect(() => {
    const ol = list.current
    const follow = (event: FocusEvent) => {
      const row = (event.target as HTMLElement).closest<HTMLElement>("[data-key]")
      if (row && event.target instanceof HTMLElement && event.target.tagName === "ARTICLE") setRoving(row.dataset.key)
    }
    ol?.addEventListener("focusin", follow)
    return () => ol?.removeEventListener("focusin", follow)
  }, [])
  return (
    <>
      <li
        class="anchor"
        ref={(element) => {
          list.current = element?.parentElement ?? null
        }}
        aria-hidden="true"
      />
      {items.map((item) => {
        if (item.type === "day") {
          return (
            <li key={item.key} class="day">
              <span>{dayName(item.at)}</span>
            </li>
          )
        }
        if (item.type === "unread") {
          return (
            <li key={item.key} class="unread-line" data-key="unread">
              <span>{t().newMessages}</span>
            </li>
          )
        }
        if (item.type === "gap") return <GapRow key={item.key} room={room} from={item.from} to={item.to} />
        return (
          <MessageRow
            key={item.key}
            room={room}
            message={item.message}
            itemKey={item.key}
            first={item.first}
            tabbable={item.key === tabbable}
          />
        )
      })}
    </>
  )
}
