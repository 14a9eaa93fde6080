import { effect } from "@preact/signals"
import { LIMITS } from "../contract.ts"
import { t } from "../i18n/index.ts"
import { roomName } from "../i18n/room-name.ts"
import { openRoom } from "./place.ts"
import { totalUnread } from "./rooms.ts"

/** `(3) Name` in the tab, and a badge where the system has them. */
export function followTitle(): void {
  effect(() => {
    const facts = openRoom.value?.facts.value
    const name = facts && roomName(facts)
    const unread = totalUnread.value
    const count = unread >= LIMITS.unreadCap ? "99+" : String(unread)
    const title = name ? `${name} · ${t().appName}` : t().appName
    document.title = unread > 0 ? `(${count}) ${title}` : title
    const badge = unread > 0 ? navigator.setAppBadge?.(unread) : navigator.clearAppBadge?.()
    badge?.catch((error: unknown) => console.debug("No badge:", error))
  })
}
