import { useEffect, useState } from "preact/hooks"
import type { Conversation } from "../../contract.ts"
import { t } from "../../i18n/index.ts"
import { roomName } from "../../i18n/room-name.ts"
import { findRooms, joinRoom, lookForRooms } from "../../state/actions.ts"
import { joinable, mayCreateRooms } from "../../state/rooms.ts"
import { Dialog } from "../bits/Dialog.tsx"
import { Icon } from "../bits/Icon.tsx"
import { closeDialog, dialog } from "./open.ts"
import { useFound } from "./use-found.ts"

/** More than this many are looked through by name. */
const FEW = 8

export function Browse() {
  const [query, setQuery] = useState("")
  const found = useFound(query, findRooms)
  const wanted = query.trim()
  const isAnswered = wanted === "" || found.isCurrent
  const rooms = wanted === "" || !isAnswered ? named(wanted) : found.all
  useEffect(() => void lookForRooms(), [])
  return (
    <Dialog title={t().browseRooms} onClose={closeDialog}>
      {(joinable.value.length > FEW || query !== "") && (
        <div class="form browse-find">
          <input
            aria-label={t().findRoom}
            placeholder={t().findRoom}
            value={query}
            onInput={(event) => setQuery(event.currentTarget.value)}
          />
        </div>
      )}
      {rooms.length === 0 && isAnswered && (
        <p class="quiet">{wanted === "" ? t().noOtherRooms : t().nothingFound(wanted)}</p>
      )}
      <ul class="browse">
        {rooms.map((room) => (
          <li key={room.id}>
            <span class="hash">
              <Icon name="hash" />
            </span>
            <div>
              <b>{roomName(room)}</b>
              <span class="quiet">{[t().memberCount(room.member_count), room.topic].filter(Boolean).join(" · ")}</span>
            </div>
            <button
              type="button"
              class="button small"
              aria-label={t().joinRoom(roomName(room))}
              onClick={() => {
                closeDialog()
                void joinRoom(room.id)
              }}
            >
              {t().join}
            </button>
          </li>
        ))}
      </ul>
      {mayCreateRooms.value && (
        <button
          type="button"
          class="menu-item"
          onClick={() => {
            dialog.value = { kind: "create" }
          }}
        >
          <Icon name="plus" />
          {t().newRoom}
        </button>
      )}
    </Dialog>
  )
}

/** What is known already, until the server has answered. */
function named(query: string): readonly Conversation[] {
  const wanted = query.toLocaleLowerCase()
  return joinable.value.filter((room) => roomName(room).toLocaleLowerCase().includes(wanted))
}
