import { useEffect, useState } from "preact/hooks"
import type { Conversation } from "../../contract.ts"
import { t } from "../../i18n/index.ts"
import { roomName } from "../../i18n/room-name.ts"
import { joinRoom, lookForRoom, lookForRooms } from "../../state/actions.ts"
import { goToList, place } from "../../state/place.ts"
import { greeted, inOrder, joinable, mayCreateRooms } from "../../state/rooms.ts"
import { Icon } from "../bits/Icon.tsx"
import { Mark } from "../bits/Mark.tsx"
import { dialog } from "../dialogs/open.ts"
import { useAfter } from "../list/use-after.ts"
import { Banner } from "./Banner.tsx"

/** The main pane when no conversation of mine is open: each reason has its own words. */
export function NoRoom() {
  const { slug, id } = place.value
  const pointed = slug !== undefined || id !== undefined
  const known = useKnown(slug, id)
  const slow = useAfter(!known, 200)
  const public_ = joinable.value.find((room) => (slug !== undefined ? room.slug === slug : room.id === id))
  return (
    <main class={pointed ? "room none pointed" : "room none"}>
      {pointed && (
        <header class="room-header bare">
          <button type="button" class="icon-button back" aria-label={t().backToList} onClick={goToList}>
            <Icon name="back" size={22} />
          </button>
        </header>
      )}
      <Banner />
      {slow && (
        <div class="centre">
          <Mark size={64} flying />
        </div>
      )}
      {known && <div class="centre">{public_ ? <Door room={public_} /> : <Reason pointed={pointed} />}</div>}
    </main>
  )
}

/** Whether it can be said what the address leads to: a room opened since the page was is asked for first. */
function useKnown(slug: string | undefined, id: string | undefined): boolean {
  const address = slug ?? id
  const [asked, setAsked] = useState<string | undefined>(undefined)
  const ready = greeted.value
  useEffect(() => {
    if (!ready || address === undefined) return
    let stale = false
    const looking = slug === undefined ? lookForRooms() : lookForRoom(slug)
    void looking.then(() => !stale && setAsked(address))
    return () => {
      stale = true
    }
  }, [ready, address, slug])
  return ready && (address === undefined || asked === address)
}

function Reason({ pointed }: { pointed: boolean }) {
  const none = inOrder.value.length === 0
  const title = pointed ? t().notFoundTitle : none ? t().noRoomsTitle : t().pickRoomTitle
  const text = pointed ? t().notFoundText : none ? t().noRoomsText : t().pickRoomText
  return (
    <>
      <Mark size={64} />
      <h1>{title}</h1>
      <p>{text}</p>
      {none && !pointed && (
        <div class="buttons">
          {joinable.value.length > 0 && (
            <button type="button" class="button primary" onClick={() => (dialog.value = { kind: "browse" })}>
              {t().browseRooms}
            </button>
          )}
          {mayCreateRooms.value && (
            <button type="button" class="button" onClick={() => (dialog.value = { kind: "create" })}>
              {t().newRoom}
            </button>
          )}
        </div>
      )}
    </>
  )
}

/** A public room I could walk into. */
function Door({ room }: { room: Conversation }) {
  const [busy, setBusy] = useState(false)
  return (
    <>
      <Mark size={64} />
      <h1>{roomName(room)}</h1>
      <p>{room.topic || t().notMemberText(roomName(room))}</p>
      <p class="quiet number">{t().memberCount(room.member_count)}</p>
      <button
        type="button"
        class="button primary"
        disabled={busy}
        onClick={() => {
          setBusy(true)
          void joinRoom(room.id).finally(() => setBusy(false))
        }}
      >
        {t().joinRoom(roomName(room))}
      </button>
    </>
  )
}
