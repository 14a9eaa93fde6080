import { useEffect, useState } from "preact/hooks"
import type { User } from "../../contract.ts"
import { t } from "../../i18n/index.ts"
import { chat } from "../../state/chat.ts"
import { me } from "../../state/people.ts"
import type { Room } from "../../state/rooms.ts"
import { Avatar } from "../bits/Avatar.tsx"
import { candidates, complete, type MentionQuery, mentionAt } from "./mentions.ts"

const MEMBERS_ASKED = 200

/** Names offered after an `@`. The field keeps the focus; keys are given to it by the composer. */
export function useMentions(room: Room, apply: (text: string, caret: number) => void) {
  const [at, setAt] = useState<MentionQuery | undefined>(undefined)
  const [chosen, setChosen] = useState(0)
  const people = useMemberNames(room, at !== undefined)
  const offered = at ? candidates(people, at.query) : []
  const open = offered.length > 0

  /** Call after each change of the text, but not while a composition is under way: its letters are not yet text. */
  const follow = (field: HTMLTextAreaElement) => {
    setAt(mentionAt(field.value, field.selectionStart))
    setChosen(0)
  }

  const pick = (user: User | undefined, field: HTMLTextAreaElement | null) => {
    if (!user || !at || !field) return
    const done = complete(field.value, at, user.name)
    setAt(undefined)
    apply(done.text, done.caret)
  }

  /** Whether the key was for the list. */
  const onKey = (event: KeyboardEvent, field: HTMLTextAreaElement | null): boolean => {
    if (!open || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return false
    if (event.key === "ArrowDown") setChosen((chosen + 1) % offered.length)
    else if (event.key === "ArrowUp") setChosen((chosen + offered.length - 1) % offered.length)
    else if (event.key === "Enter" || event.key === "Tab") pick(offered[chosen], field)
    else if (event.key === "Escape") setAt(undefined)
    else return false
    event.preventDefault()
    return true
  }

  const list = (field: () => HTMLTextAreaElement | null) =>
    open && (
      <div class="mention-list" id="mention-list" role="listbox" tabIndex={-1} aria-label={t().members}>
        {offered.map((user, index) => (
          <div
            key={user.id}
            id={`mention-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === chosen}
            class={index === chosen ? "chosen" : ""}
            // On press, so that the field does not lose the focus.
            onPointerDown={(event) => {
              event.preventDefault()
              pick(user, field())
            }}
            onMouseMove={() => setChosen(index)}
          >
            <Avatar user={user} size={24} />
            <span>{user.name}</span>
          </div>
        ))}
      </div>
    )

  return { open, follow, onKey, list, active: open ? `mention-${chosen}` : undefined, close: () => setAt(undefined) }
}

/** Asked for when the first `@` is typed. */
function useMemberNames(room: Room, wanted: boolean): readonly User[] {
  const [people, setPeople] = useState<readonly User[]>([])
  useEffect(() => {
    if (!wanted) return
    let stale = false
    chat
      .peek()
      ?.connection.call("chat.members", { conversation_id: room.id, limit: MEMBERS_ASKED })
      .then(({ members }) => {
        const others = members.map((member) => member.user).filter((user) => user.id !== me.peek()?.id)
        if (!stale) setPeople(others)
      })
      .catch((error: unknown) => console.debug("Members not known:", error))
    return () => {
      stale = true
    }
  }, [room, wanted])
  return people
}
