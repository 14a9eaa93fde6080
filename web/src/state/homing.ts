import { effect } from "@preact/signals"
import { chat } from "./chat.ts"
import { go, openRoom, place, roomAddress } from "./place.ts"
import { greeted, inOrder } from "./rooms.ts"

const onPhone = matchMedia("(max-width: 720px)")

/** Where to begin: the address, else the room of the last visit, else the first one. A phone begins with the list. */
export function followPlace(): void {
  let homed = false
  effect(() => {
    const room = openRoom.value
    if (room) void chat.peek()?.store.keepPlace(room.id)
  })
  effect(() => {
    if (!greeted.value || homed) return
    homed = true
    const { id, slug } = place.peek()
    if (id !== undefined || slug !== undefined || onPhone.matches) return
    void home()
  })
}

async function home(): Promise<void> {
  const last = await chat
    .peek()
    ?.store.lastPlace()
    .catch(() => undefined)
  const rooms = inOrder.peek()
  const room = rooms.find((one) => one.id === last) ?? rooms[0]
  if (room && !openRoom.peek()) go(roomAddress(room), "replace")
}
