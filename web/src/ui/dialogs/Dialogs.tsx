import { t } from "../../i18n/index.ts"
import { roomName } from "../../i18n/room-name.ts"
import { leaveRoom } from "../../state/actions.ts"
import { chat } from "../../state/chat.ts"
import { me } from "../../state/people.ts"
import type { Room } from "../../state/rooms.ts"
import { signOut } from "../../state/visit.ts"
import { Dialog } from "../bits/Dialog.tsx"
import { Browse } from "./Browse.tsx"
import { CreateRoom } from "./CreateRoom.tsx"
import { Keys } from "./Keys.tsx"
import { closeDialog, dialog } from "./open.ts"
import { Switcher } from "./Switcher.tsx"

export function Dialogs() {
  const open = dialog.value
  if (!open) return null
  if (open.kind === "switcher") return <Switcher />
  if (open.kind === "keys") return <Keys />
  if (open.kind === "browse") return <Browse />
  if (open.kind === "create") return <CreateRoom />
  if (open.kind === "leave") return <LeaveQuestion room={open.room} />
  return <SignOutQuestion />
}

function LeaveQuestion({ room }: { room: Room }) {
  return (
    <Dialog title={t().leaveAsk(roomName(room.facts.value))} onClose={closeDialog}>
      <div class="buttons end">
        <button type="button" class="button" onClick={closeDialog}>
          {t().stay}
        </button>
        <button
          type="button"
          class="button danger"
          onClick={() => {
            closeDialog()
            void leaveRoom(room)
          }}
        >
          {t().leave}
        </button>
      </div>
    </Dialog>
  )
}

/** Says what would be lost: a guest's name, drafts, messages not sent yet. */
function SignOutQuestion() {
  const unsent = chat.value?.outbox.letters.value.filter((letter) => letter.state !== "sent").length ?? 0
  return (
    <Dialog title={t().signOut} onClose={closeDialog}>
      <p>{me.value?.guest ? t().signOutGuest : t().signOutMember}</p>
      {unsent > 0 && <p class="field-error">{t().unsentWarning(unsent)}</p>}
      <div class="buttons end">
        <button type="button" class="button" onClick={closeDialog}>
          {t().cancel}
        </button>
        <button type="button" class="button primary" onClick={() => void signOut()}>
          {t().signOut}
        </button>
      </div>
    </Dialog>
  )
}
