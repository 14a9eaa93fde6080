import { useEffect } from "preact/hooks"
import { t } from "../../i18n/index.ts"
import { roomName } from "../../i18n/room-name.ts"
import { joinRoom, lookForRooms } from "../../state/actions.ts"
import { joinable, mayCreateRooms } from "../../state/rooms.ts"
import { Dialog } from "../bits/Dialog.tsx"
import { Icon } from "../bits/Icon.tsx"
import { closeDialog, dialog } from "./open.ts"

export function Browse() {
  const rooms = joinable.value
  useEffect(() => void lookForRooms(), [])
  return (
    <Dialog title={t().browseRooms} onClose={closeDialog}>
      {rooms.length === 0 && <p class="quiet">{t().noOtherRooms}</p>}
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
