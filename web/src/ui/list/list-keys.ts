import { focusComposer } from "../../state/compose.ts"
import { me } from "../../state/people.ts"
import type { Room } from "../../state/rooms.ts"
import { askDelete, startIntent } from "./MessageActions.tsx"

/** Arrow keys between messages, also from a link in one; r, e, Delete on the focused one. */
export function moveBetweenMessages(event: KeyboardEvent, room: Room): void {
  const target = event.target as HTMLElement
  const article = target.closest("[data-seq]")?.querySelector<HTMLElement>(":scope > article")
  if (!article || event.ctrlKey || event.metaKey || event.altKey) return
  if (event.key === "ArrowUp" || event.key === "ArrowDown") {
    event.preventDefault()
    const all = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>("[data-seq] > article")]
    const next = all[all.indexOf(article) + (event.key === "ArrowUp" ? -1 : 1)]
    if (next) next.focus()
    else if (event.key === "ArrowDown") focusComposer.value++
    return
  }
  if (target !== article) return
  const seq = Number(article.closest<HTMLElement>("[data-seq]")?.dataset.seq)
  const message = room.thread.peek().rows.find((row) => row.message.seq === seq)?.message
  if (!message || message.state === "deleted") return
  const mine = message.sender_id === me.peek()?.id
  if (event.key === "r") startIntent("reply", message)
  else if (event.key === "e" && mine && message.card === undefined) startIntent("edit", message)
  else if (event.key === "Delete" && mine) askDelete(message)
  else return
  event.preventDefault()
}
