import { useEffect, useLayoutEffect } from "preact/hooks"
import { t } from "../i18n/index.ts"
import { focusComposer } from "../state/compose.ts"
import { assertiveText, politeText, toast } from "../state/notices.ts"
import { openRoom, place } from "../state/place.ts"
import { greeted } from "../state/rooms.ts"
import { phase } from "../state/visit.ts"
import { Dialogs } from "./dialogs/Dialogs.tsx"
import { closeDialog } from "./dialogs/open.ts"
import { Entry } from "./entry/Entry.tsx"
import { onKeyDown } from "./keys.ts"
import { openSheet } from "./list/row-state.ts"
import { drawerOpen } from "./members/drawer.ts"
import { Members } from "./members/Members.tsx"
import { NoRoom } from "./room/NoRoom.tsx"
import { RoomView } from "./room/RoomView.tsx"
import { Sidebar } from "./sidebar/Sidebar.tsx"

export function App() {
  return (
    <>
      {phase.value === "inside" ? <Shell /> : <Entry />}
      <Announcers />
    </>
  )
}

function Shell() {
  useEffect(() => {
    document.addEventListener("keydown", onKeyDown)
    return () => document.removeEventListener("keydown", onKeyDown)
  }, [])
  // What stood over a place does not stand over the next: a phone's "back" leaves both.
  useLayoutEffect(() => closeOverlays, [place.value])
  const room = openRoom.value
  const pointed = /^#\/[rc]\//.test(location.hash)
  return (
    <div class={room || pointed ? "shell in-room" : "shell"}>
      {room && (
        <button type="button" class="skip" onClick={() => focusComposer.value++}>
          {t().skipToWriting}
        </button>
      )}
      <Sidebar />
      {room ? <RoomView room={room} /> : <NoRoom />}
      {room && greeted.value && room.facts.value.kind === "room" && <Members room={room} />}
      <Dialogs />
      <Toast />
    </div>
  )
}

function closeOverlays(): void {
  drawerOpen.value = false
  openSheet.value = undefined
  closeDialog()
}

function Toast() {
  const current = toast.value
  return current ? (
    <div key={current.id} class="toast">
      {current.text}
    </div>
  ) : null
}

/** The only live regions of the page. The message list is none: it would be read whole. */
function Announcers() {
  return (
    <>
      <div class="hidden" role="status" aria-live="polite" aria-label={t().messages}>
        {politeText.value}
      </div>
      <div class="hidden" role="alert" aria-live="assertive">
        {assertiveText.value}
      </div>
    </>
  )
}
