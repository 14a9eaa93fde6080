import type { ComponentChildren } from "preact"
import { t } from "../../i18n/index.ts"
import { openRoom } from "../../state/place.ts"
import { directList, greeted, joinable, mayCreateRooms, type Room, roomList } from "../../state/rooms.ts"
import { Icon } from "../bits/Icon.tsx"
import { Mark } from "../bits/Mark.tsx"
import { dialog } from "../dialogs/open.ts"
import { isMac } from "../keys.ts"
import { Banner } from "../room/Banner.tsx"
import { RoomItem } from "./RoomItem.tsx"
import { SelfRow } from "./SelfRow.tsx"

export function Sidebar() {
  const canBrowse = joinable.value.length > 0 || mayCreateRooms.value
  return (
    <nav class="sidebar" aria-label={t().rooms}>
      <header class="brand">
        <Mark size={24} />
        {/* Where no conversation is open, nothing else names the page. */}
        {openRoom.value ? <span>{t().appName}</span> : <h1>{t().appName}</h1>}
      </header>
      <Banner inList />
      <button type="button" class="jump" onClick={() => (dialog.value = { kind: "switcher" })}>
        <Icon name="search" size={16} />
        <span>{t().jumpTo}</span>
        <kbd>{isMac ? "⌘K" : "Ctrl K"}</kbd>
      </button>
      <div class="sidebar-lists">
        <Section
          title={t().rooms}
          rooms={roomList.value}
          action={
            canBrowse && <AddButton label={t().browseRooms} onClick={() => (dialog.value = { kind: "browse" })} />
          }
        />
        <Section
          title={t().directMessages}
          rooms={directList.value}
          action={<AddButton label={t().newMessage} onClick={() => (dialog.value = { kind: "switcher" })} />}
        />
      </div>
      <SelfRow />
    </nav>
  )
}

function Section({ title, rooms, action }: { title: string; rooms: readonly Room[]; action: ComponentChildren }) {
  if (!greeted.value) return null
  return (
    <section>
      <div class="section-head">
        <h2>{title}</h2>
        {action}
      </div>
      <ul>
        {rooms.map((room) => (
          <RoomItem key={room.id} room={room} />
        ))}
      </ul>
    </section>
  )
}

function AddButton({ label, onClick }: { label: string; onClick(): void }) {
  return (
    <button type="button" class="icon-button small" aria-label={label} title={label} onClick={onClick}>
      <Icon name="plus" size={16} />
    </button>
  )
}
