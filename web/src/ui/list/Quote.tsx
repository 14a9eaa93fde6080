import { t } from "../../i18n/index.ts"
import { target } from "../../state/compose.ts"
import { person } from "../../state/people.ts"
import type { Room } from "../../state/rooms.ts"
import { Icon } from "../bits/Icon.tsx"
import { oneLine } from "./text.ts"
import { useQuoted } from "./use-quoted.ts"

/** The message answered, on one line; pressing it goes there. */
export function Quote({ room, seq }: { room: Room; seq: number }) {
  const message = useQuoted(room, seq)
  const name = message ? (person(message.sender_id)?.name ?? "") : ""
  const text = message ? (message.state === "deleted" ? t().deleted : message.body) : "…"
  return (
    <button
      type="button"
      class="quote"
      onClick={() => {
        target.value = { roomId: room.id, seq, part: 0.4, flash: true }
      }}
    >
      <Icon name="reply" size={14} />
      {name && <b>{name}</b>}
      <span dir="auto">{oneLine(text)}</span>
    </button>
  )
}
