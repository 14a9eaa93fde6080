import { focusComposer } from "../state/compose.ts"
import { go, openRoom, roomAddress } from "../state/place.ts"
import { inOrder } from "../state/rooms.ts"
import { isImeKey } from "./composer/ime.ts"
import { dialog } from "./dialogs/open.ts"
import { closeNearest } from "./escape.ts"

export const isMac = /mac|iphone|ipad/i.test(navigator.userAgent)

const inField = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName))

const popUpOpen = (): boolean => document.querySelector("dialog[open], [popover]:popover-open") !== null

/** The keys that work everywhere on the page. */
export function onKeyDown(event: KeyboardEvent): void {
  if (isImeKey(event) || event.defaultPrevented) return
  if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "k") {
    event.preventDefault()
    dialog.value = dialog.peek()?.kind === "switcher" ? undefined : { kind: "switcher" }
    return
  }
  if (popUpOpen()) return
  if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    event.preventDefault()
    step(event.key === "ArrowUp" ? -1 : 1)
  } else if (event.key === "Escape") {
    if (!closeNearest()) focusComposer.value++
  } else if (!inField(event.target)) typedOutside(event)
}

function step(by: number): void {
  const rooms = inOrder.peek()
  if (rooms.length === 0) return
  const at = openRoom.peek() ? rooms.indexOf(openRoom.peek() as (typeof rooms)[number]) : -1
  const next = rooms[(at + by + rooms.length) % rooms.length]
  if (next) go(roomAddress(next))
}

/** `?` lists the keys; any other character typed outside a field goes to the composer. */
function typedOutside(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return
  if (event.key === "?") {
    event.preventDefault()
    dialog.value = { kind: "keys" }
    return
  }
  const onMessage = event.target instanceof HTMLElement && event.target.tagName === "ARTICLE"
  const printable = event.key.length === 1 && event.key !== " "
  if (printable && !(onMessage && /^[re]$/.test(event.key))) {
    // The character lands in the field: the focus moves before the browser inserts it.
    document.querySelector<HTMLTextAreaElement>(".composer textarea")?.focus()
  }
}
