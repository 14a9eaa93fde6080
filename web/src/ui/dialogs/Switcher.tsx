import { useEffect, useRef, useState } from "preact/hooks"
import type { Conversation, User } from "../../contract.ts"
import { t } from "../../i18n/index.ts"
import { roomName } from "../../i18n/room-name.ts"
import { findPeople, findRooms, joinRoom, lookForRooms, openDirect } from "../../state/actions.ts"
import { isOnline } from "../../state/chat.ts"
import { me } from "../../state/people.ts"
import { go, roomAddress } from "../../state/place.ts"
import { inOrder, joinable } from "../../state/rooms.ts"
import { Avatar } from "../bits/Avatar.tsx"
import { Dialog } from "../bits/Dialog.tsx"
import { Icon } from "../bits/Icon.tsx"
import { isImeKey } from "../composer/ime.ts"
import { capped } from "../list/Pills.tsx"
import { closeDialog } from "./open.ts"
import { useFound } from "./use-found.ts"

interface Choice {
  readonly key: string
  readonly name: string
  readonly detail: string
  readonly unread: number
  readonly user: User | undefined
  pick(): void
}

const MAX_SHOWN = 12

/** One field for every place and every person. */
export function Switcher() {
  const [query, setQuery] = useState("")
  const [at, setAt] = useState(0)
  const choices = choicesFor(query, useFound(query, findPeople).all, useFound(query, findRooms).all)
  const chosen = Math.min(at, choices.length - 1)
  const list = useRef<HTMLDivElement>(null)
  useEffect(() => void lookForRooms(), [])
  useEffect(() => list.current?.children[chosen]?.scrollIntoView({ block: "nearest" }), [chosen])

  const onKeyDown = (event: KeyboardEvent) => {
    if (isImeKey(event)) return
    const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0
    if (by !== 0 && choices.length > 0) setAt((chosen + by + choices.length) % choices.length)
    else if (event.key === "Enter") choices[chosen]?.pick()
    else return
    event.preventDefault()
  }

  return (
    <Dialog title={t().jumpTo} kind="switcher" onClose={closeDialog}>
      <div class="switcher-field">
        <Icon name="search" />
        <input
          // The dialog is this field.
          autofocus
          role="combobox"
          aria-expanded="true"
          aria-controls="switcher-list"
          aria-activedescendant={choices[chosen] ? `choice-${chosen}` : undefined}
          aria-label={t().jumpToHint}
          placeholder={t().jumpToHint}
          value={query}
          onInput={(event) => {
            setQuery(event.currentTarget.value)
            setAt(0)
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      {/* The field keeps the focus (aria-activedescendant). */}
      <div ref={list} id="switcher-list" class="choices" role="listbox" aria-label={t().jumpToHint}>
        {choices.map((choice, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: keys are handled by the field.
          // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus.
          <div
            key={choice.key}
            id={`choice-${index}`}
            role="option"
            aria-selected={index === chosen}
            class={index === chosen ? "chosen" : ""}
            onClick={choice.pick}
            onMouseMove={() => setAt(index)}
          >
            {choice.user ? (
              <Avatar user={choice.user} size={24} online={isOnline(choice.user.id)} />
            ) : (
              <span class="hash">
                <Icon name="hash" size={16} />
              </span>
            )}
            <span class="choice-name">{choice.name}</span>
            {choice.detail && <span class="quiet">{choice.detail}</span>}
            {choice.unread > 0 && <span class="badge">{capped(choice.unread)}</span>}
          </div>
        ))}
      </div>
      {choices.length === 0 && <p class="quiet pad">{t().nothingFound(query)}</p>}
    </Dialog>
  )
}

function choicesFor(query: string, people: readonly User[], found: readonly Conversation[]): Choice[] {
  const wanted = query.trim().toLocaleLowerCase()
  const matches = (name: string) => name.toLocaleLowerCase().includes(wanted)
  const then = (run: () => void) => () => {
    closeDialog()
    run()
  }
  const mine: Choice[] = inOrder.value
    .filter((room) => matches(roomName(room.facts.value)))
    .sort((a, b) => (wanted === "" ? Math.sign(b.unread.value) - Math.sign(a.unread.value) : 0))
    .map((room) => ({
      key: room.id,
      name: roomName(room.facts.value),
      detail: "",
      unread: room.unread.value,
      user: room.facts.value.peer,
      pick: then(() => go(roomAddress(room))),
    }))
  const listed = new Set(joinable.value.map(({ id }) => id))
  const doors: Choice[] = [...joinable.value, ...found.filter(({ id }) => !listed.has(id))]
    .filter((room) => wanted !== "" && matches(roomName(room)))
    .map((room) => ({ ...place(room.id, roomName(room), t().join), pick: then(() => void joinRoom(room.id)) }))
  const known = new Set(mine.flatMap((choice) => (choice.user ? [choice.user.id] : [])))
  const others: Choice[] = people
    .filter((user) => user.id !== me.value?.id && !known.has(user.id) && matches(user.name))
    .map((user) => ({ ...place(user.id, user.name, ""), user, pick: then(() => void openDirect(user.id)) }))
  return [...mine, ...doors, ...others].slice(0, MAX_SHOWN)
}

const place = (key: string, name: string, detail: string) => ({ key, name, detail, unread: 0, user: undefined })
