import { t } from "../../i18n/index.ts"
import { roomName } from "../../i18n/room-name.ts"
import { copy } from "../../state/actions.ts"
import { isOnline } from "../../state/chat.ts"
import { goToList, roomAddress } from "../../state/place.ts"
import type { Room } from "../../state/rooms.ts"
import { membersOpen } from "../../state/settings.ts"
import { Avatar } from "../bits/Avatar.tsx"
import { Icon } from "../bits/Icon.tsx"
import { Popover } from "../bits/Popover.tsx"
import { dialog } from "../dialogs/open.ts"
import { drawerOpen, isWide } from "../members/drawer.ts"

export function RoomHeader({ room }: { room: Room }) {
  const facts = room.facts.value
  const { peer } = facts
  return (
    <header class="room-header">
      <button type="button" class="icon-button back" aria-label={t().backToList} onClick={goToList}>
        <Icon name="back" size={22} />
      </button>
      {peer && <Avatar user={peer} size={28} online={isOnline(peer.id)} />}
      <div class="room-title">
        <h1>{roomName(facts)}</h1>
        {peer ? (
          <p>{isOnline(peer.id) ? t().online : t().offline}</p>
        ) : (
          facts.topic && <p title={facts.topic}>{facts.topic}</p>
        )}
      </div>
      {!peer && <MembersButton count={facts.member_count} />}
      {!peer && (
        <Popover label={t().roomMenu} buttonClass="icon-button" button={<Icon name="more" />} placed="below">
          {(close) => (
            <div class="menu">
              <button
                type="button"
                class="menu-item"
                onClick={() => {
                  close()
                  void copy(new URL(roomAddress(room), location.href).href)
                }}
              >
                <Icon name="link" />
                {t().copyLink}
              </button>
              <button
                type="button"
                class="menu-item danger"
                onClick={() => {
                  close()
                  dialog.value = { kind: "leave", room }
                }}
              >
                <Icon name="leave" />
                {t().leaveRoom}
              </button>
            </div>
          )}
        </Popover>
      )}
    </header>
  )
}

function MembersButton({ count }: { count: number }) {
  const shown = isWide.value ? membersOpen.value : drawerOpen.value
  return (
    <button
      type="button"
      class="text-icon-button"
      aria-expanded={shown}
      title={shown ? t().hideMembers : t().showMembers}
      onClick={() => {
        if (isWide.peek()) membersOpen.value = !membersOpen.peek()
        else drawerOpen.value = true
      }}
    >
      <Icon name="people" />
      <span>{count}</span>
      <span class="hidden">{t().members}</span>
    </button>
  )
}
