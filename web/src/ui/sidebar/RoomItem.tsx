import { useLayoutEffect, useRef } from "preact/hooks"
import { t } from "../../i18n/index.ts"
import { roomName } from "../../i18n/room-name.ts"
import { listTime } from "../../i18n/time.ts"
import { isOnline } from "../../state/chat.ts"
import { focusComposer, onTouch, toEnd } from "../../state/compose.ts"
import { me, person } from "../../state/people.ts"
import { go, openRoom, roomAddress } from "../../state/place.ts"
import type { Room } from "../../state/rooms.ts"
import { typists } from "../../state/typing.ts"
import { Avatar } from "../bits/Avatar.tsx"
import { Icon } from "../bits/Icon.tsx"
import { capped } from "../list/Pills.tsx"
import { oneLine } from "../list/text.ts"

export function RoomItem({ room }: { room: Room }) {
  const facts = room.facts.value
  const current = openRoom.value === room
  const unread = room.unread.value
  const { peer } = facts
  const row = useRef<HTMLAnchorElement>(null)
  // Reached by keys, by a link or by "back", it may be out of sight in a long list.
  useLayoutEffect(() => {
    if (current) row.current?.scrollIntoView({ block: "nearest" })
  }, [current])
  const classes = ["room-item"]
  if (current) classes.push("current")
  if (unread > 0) classes.push("unread")
  return (
    <li>
      <a
        ref={row}
        class={classes.join(" ")}
        href={roomAddress(room)}
        aria-current={current ? "page" : undefined}
        onClick={(event) => {
          if (event.metaKey || event.ctrlKey || event.shiftKey) return
          event.preventDefault()
          go(roomAddress(room))
          // Already here, perhaps far up: to what is new.
          if (current) toEnd.value++
          if (!onTouch.matches) focusComposer.value++
        }}
      >
        {peer ? (
          <Avatar user={person(peer.id) ?? peer} size={22} online={isOnline(peer.id)} />
        ) : (
          <span class="hash">
            <Icon name="hash" size={16} />
          </span>
        )}
        <span class="room-name">{roomName(facts)}</span>
        {peer && isOnline(peer.id) && <span class="hidden">{t().online}</span>}
        <Preview room={room} />
        {unread > 0 && (
          <span class={room.mentions.value > 0 ? "badge names-me" : "badge"}>
            <span aria-hidden="true">{`${room.mentions.value > 0 ? "@ " : ""}${capped(unread)}`}</span>
            <span class="hidden">
              {room.mentions.value > 0 ? t().unreadMentions(capped(unread)) : t().unreadCount(capped(unread))}
            </span>
          </span>
        )}
      </a>
    </li>
  )
}

/** The last message in a line: shown where a row has room for it (phones). */
function Preview({ room }: { room: Room }) {
  const message = room.lastMessage.value
  const [typist] = typists.value.get(room.id) ?? []
  if (!message || message.kind === "system") return null
  const mine = message.sender_id === me.value?.id
  const author = room.facts.value.kind === "room" && !mine ? person(message.sender_id)?.name : undefined
  const name = author ? `${author}: ` : ""
  const text = message.state === "deleted" ? t().deleted : `${name}${oneLine(message.body)}`
  return (
    <>
      <span class="preview" dir="auto">
        {typist ? typingIn(room, typist.userId) : text}
      </span>
      <time class="when">{listTime(message.created_at)}</time>
    </>
  )
}

/** In a direct conversation it is clear who is typing. */
const typingIn = (room: Room, userId: string): string =>
  room.facts.value.kind === "direct" ? t().typing : t().typingOne(person(userId)?.name ?? "…")
