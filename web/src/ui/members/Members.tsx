import { useEffect } from "preact/hooks"
import { t } from "../../i18n/index.ts"
import type { Room } from "../../state/rooms.ts"
import { membersOpen } from "../../state/settings.ts"
import { Dialog } from "../bits/Dialog.tsx"
import { Icon } from "../bits/Icon.tsx"
import { onEscape } from "../escape.ts"
import { drawerOpen, isWide } from "./drawer.ts"
import { MemberList } from "./MemberList.tsx"

/** Beside the messages where there is room, over them where there is not. */
export function Members({ room }: { room: Room }) {
  const beside = isWide.value && membersOpen.value
  useEffect(() => {
    if (!beside) return
    return onEscape("panel", () => {
      membersOpen.value = false
    })
  }, [beside])
  if (beside) {
    return (
      <aside class="members" aria-label={t().members}>
        <header>
          <h2>{t().members}</h2>
          <button
            type="button"
            class="icon-button"
            aria-label={t().hideMembers}
            title={t().hideMembers}
            onClick={() => {
              membersOpen.value = false
            }}
          >
            <Icon name="close" />
          </button>
        </header>
        <MemberList key={room.id} room={room} />
      </aside>
    )
  }
  if (isWide.value || !drawerOpen.value) return null
  return (
    <Dialog
      title={t().members}
      kind="drawer"
      onClose={() => {
        drawerOpen.value = false
      }}
    >
      <MemberList key={room.id} room={room} />
    </Dialog>
  )
}
