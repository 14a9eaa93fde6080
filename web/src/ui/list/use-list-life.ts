import type { RefObject } from "preact"
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks"
import { t } from "../../i18n/index.ts"
import { link } from "../../session/connection.ts"
import { seen } from "../../state/actions.ts"
import { chat } from "../../state/chat.ts"
import { flashing, type Target, target, toEnd } from "../../state/compose.ts"
import { progressOf, WINDOW } from "../../state/history.ts"
import { say } from "../../state/notices.ts"
import { me } from "../../state/people.ts"
import { openRoom, place, visits } from "../../state/place.ts"
import { greeted, type Room } from "../../state/rooms.ts"
import { trim } from "../../sync/pages.ts"
import { isAttached } from "../../sync/thread.ts"
import { useChange } from "../bits/use-change.ts"
import type { Item } from "./items.ts"
import { ScrollKeeper, type View } from "./scroll-keeper.ts"

/** Pages are asked for when the reader comes this near to an edge, in screens. */
const NEAR_EDGE = 1.5
const FLASH_MS = 1_600
const MORE_THAN_WINDOW = WINDOW + 20
const KEEP_WHEN_CLOSED = 100

/** What is drawn: another list, or another number of letters after it. */
export interface Shape {
  readonly items: readonly Item[]
  readonly letters: number
}

const START: View = { atBottom: true, screensAbove: 0, screensBelow: 0, dividerAbove: undefined }

/** Everything a list does by itself: opening, staying still, loading at its edges, noticing what was read. */
export function useListLife(
  room: Room,
  box: RefObject<HTMLElement | null>,
  unreadAfter: number | undefined,
  shape: Shape,
) {
  const [view, setView] = useState<View>(START)
  const placed = useRef(false)
  /** Looks what has been read, at every move. */
  const look = useRef<() => void>(() => undefined)
  const keeper = useMemo(() => makeKeeper(room, setView, look), [room])

  useLayoutEffect(() => {
    if (!box.current) return
    keeper.attach(box.current)
    placed.current = false
    return () => {
      keeper.detach()
      const thread = room.thread.peek()
      if (isAttached(thread)) room.thread.value = trim(thread, "end", KEEP_WHEN_CLOSED)
    }
  }, [room, keeper, box])

  useOpening(room)
  usePlacing(room, keeper, placed, unreadAfter, shape)
  useEdges(room, view, placed)
  useReading(room, keeper, placed, look, shape)
  return view
}

function makeKeeper(
  room: Room,
  setView: (update: (old: View) => View) => void,
  look: { readonly current: () => void },
): ScrollKeeper {
  const moved = (next: View) => {
    setView((old) => (same(old, next) ? old : next))
    look.current()
  }
  return new ScrollKeeper(moved, () => isAttached(room.thread.peek()) || !room.thread.peek().loaded)
}

const same = (a: View, b: View): boolean =>
  a.atBottom === b.atBottom &&
  a.screensAbove === b.screensAbove &&
  a.screensBelow === b.screensBelow &&
  a.dividerAbove === b.dividerAbove

/** Loads the first page when the room is opened, and whenever a connection makes it possible. */
function useOpening(room: Room): void {
  const loaded = room.thread.value.loaded
  const up = link.value === "up" && greeted.value
  useEffect(() => {
    const thread = room.thread.peek()
    if (up && (!thread.loaded || (!isAttached(thread) && place.peek().seq === undefined))) {
      void chat.peek()?.history.newest(room)
    }
  }, [room, up, loaded])
  useEffect(() => {
    if (up) chat.peek()?.opened(room)
  }, [room, up])
  const visit = visits.value
  const seq = place.value.seq
  // Following the same link again is a new visit.
  useEffect(() => {
    if (seq !== undefined) target.value = { roomId: room.id, seq, part: 0.4, flash: true }
  }, [room, seq, visit])
}

/** After each render: put the reader where they were, or where they asked to be. */
function usePlacing(
  room: Room,
  keeper: ScrollKeeper,
  placed: { current: boolean },
  unreadAfter: number | undefined,
  shape: Shape,
): void {
  // One meant for a room that was left again moves nobody here.
  const wanted = target.value?.roomId === room.id ? target.value : undefined
  const loaded = room.thread.value.loaded
  // The shape stands for what was drawn.
  useLayoutEffect(() => {
    if (!loaded) return
    if (!placed.current) {
      placed.current = true
      if (unreadAfter === undefined || !keeper.toRow("unread", 0.2)) keeper.toBottom()
    }
    keeper.settle()
    if (wanted) bringIntoView(room, keeper, wanted)
  }, [room, loaded, wanted, shape.items, shape.letters])

  useChange(toEnd.value, () => {
    keeper.toBottom()
    if (!isAttached(room.thread.peek()))
      void chat
        .peek()
        ?.history.newest(room)
        .then(() => keeper.toBottom())
  })
}

/** One way for permalink, quote, unread chip: load around it if needed, go there after the render, flash. */
function bringIntoView(room: Room, keeper: ScrollKeeper, wanted: Target): void {
  const row = room.thread.peek().rows.find(({ message }) => message.seq === wanted.seq)
  if (!row) {
    // Asked for once: a render meanwhile comes by here again.
    if (progressOf(room, "around") === "busy") return
    void chat
      .peek()
      ?.history.around(room, wanted.seq)
      .then((answered) => {
        const found = room.thread.peek().rows.some(({ message }) => message.seq === wanted.seq)
        if (found || target.peek() !== wanted) return
        target.value = undefined
        if (openRoom.peek() === room) say(answered ? t().noSuchMessage : t().noAnswer)
      })
    return
  }
  if (!keeper.toRow(row.message.client_id || row.message.id, wanted.part)) return
  target.value = undefined
  if (!wanted.flash) return
  const { id } = row.message
  flashing.value = id
  setTimeout(() => {
    if (flashing.peek() === id) flashing.value = undefined
  }, FLASH_MS)
}

function useEdges(room: Room, view: View, placed: { current: boolean }): void {
  const thread = room.thread.value
  useEffect(() => {
    const history = chat.peek()?.history
    if (!placed.current || !thread.loaded || !history || link.peek() !== "up") return
    if (view.screensAbove < NEAR_EDGE && thread.hasBefore) void history.older(room)
    if (view.screensBelow < NEAR_EDGE && !isAttached(thread)) void history.newer(room)
    if (view.atBottom && isAttached(thread) && thread.rows.length > MORE_THAN_WINDOW) {
      room.thread.value = trim(thread, "end", WINDOW)
    }
  }, [room, view, thread, placed])
}

/** Read means: the page is visible, the window has the focus, and the message was in the viewport. */
function useReading(
  room: Room,
  keeper: ScrollKeeper,
  placed: { readonly current: boolean },
  looking: { current: () => void },
  shape: Shape,
): void {
  // New rows may show something unread, and so may every move.
  useEffect(() => {
    const look = () => {
      if (!placed.current || document.visibilityState !== "visible" || !document.hasFocus()) return
      const thread = room.thread.peek()
      const newest = Math.max(thread.seqHead, thread.rows.at(-1)?.message.seq ?? 0)
      if (!thread.loaded || !me.peek() || newest <= room.readSeq.peek()) return
      const seq = isAttached(thread) && keeper.atBottom ? thread.seqHead : keeper.lastSeenSeq()
      if (seq > room.readSeq.peek()) seen(room, seq)
    }
    looking.current = look
    look()
    addEventListener("focus", look)
    document.addEventListener("visibilitychange", look)
    return () => {
      looking.current = () => undefined
      removeEventListener("focus", look)
      document.removeEventListener("visibilitychange", look)
    }
  }, [room, keeper, shape.items, shape.letters])
}
