import { t } from "../../i18n/index.ts"
import { roomName } from "../../i18n/room-name.ts"
import { chat } from "../../state/chat.ts"
import { type Edge, progressOf } from "../../state/history.ts"
import type { Room } from "../../state/rooms.ts"
import { Avatar } from "../bits/Avatar.tsx"
import { Mark } from "../bits/Mark.tsx"

/** The top of the log: an introduction, or in an empty room what to do first. */
export function Beginning({ room, empty }: { room: Room; empty: boolean }) {
  const facts = room.facts.value
  const direct = facts.kind === "direct"
  return (
    <div class={empty ? "beginning empty" : "beginning"}>
      {direct && facts.peer ? <Avatar user={facts.peer} size={56} /> : <Mark size={44} />}
      <h2>{direct ? roomName(facts) : t().emptyRoomTitle(roomName(facts))}</h2>
      {direct && <p class="quiet">{t().emptyDirectText(roomName(facts))}</p>}
      {!direct && facts.topic && <p>{facts.topic}</p>}
      {!direct && <p class="quiet">{empty ? t().emptyRoomText : t().beginning(roomName(facts))}</p>}
    </div>
  )
}

/** Stands for messages that exist and are not loaded, and loads them when pressed. */
export function GapRow({ room, from, to }: { room: Room; from: number; to: number }) {
  const busy = progressOf(room, `gap-${from}`) === "busy"
  return (
    <li class="gap">
      <span>{t().gap(to - from + 1)}</span>
      <button
        type="button"
        class="text-button"
        disabled={busy}
        onClick={() => void chat.value?.history.gap(room, from, to)}
      >
        {t().load}
      </button>
    </li>
  )
}

export function RetryRow({ room, edge }: { room: Room; edge: Extract<Edge, "newest" | "before" | "after"> }) {
  const retry = () => {
    const history = chat.value?.history
    if (edge === "newest") void history?.newest(room)
    else if (edge === "before") void history?.older(room)
    else void history?.newer(room)
  }
  return (
    <div class="gap" role="status">
      <span>{t().loadFailed}</span>
      <button type="button" class="text-button" onClick={retry}>
        {t().tryAgain}
      </button>
    </div>
  )
}
