import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks"
import { LIMITS, type Message } from "../../contract.ts"
import { t } from "../../i18n/index.ts"
import { roomName } from "../../i18n/room-name.ts"
import { sendText } from "../../state/actions.ts"
import { chat } from "../../state/chat.ts"
import { focusComposer, intent, onTouch, toEnd } from "../../state/compose.ts"
import { me, person } from "../../state/people.ts"
import type { Room } from "../../state/rooms.ts"
import { Icon } from "../bits/Icon.tsx"
import { useChange } from "../bits/use-change.ts"
import { onEscape } from "../escape.ts"
import { oneLine } from "../list/text.ts"
import { fitHeight } from "./fit-height.ts"
import { isImeKey } from "./ime.ts"
import { tellTyping, tellTypingStopped } from "./tell-typing.ts"
import { asItIsNow, layAside, saveEdit, takeUp } from "./unfinished.ts"
import { useMentions } from "./use-mentions.tsx"

const SHOW_LEFT_BELOW = 200

const lengthOf = (text: string): number => [...text].length

/**
 * The text field is left to the browser: its value is set when the room or the intent changes, never while
 * somebody writes, so that no input method is ever disturbed.
 */
export function Composer({ room }: { room: Room }) {
  const field = useRef<HTMLTextAreaElement>(null)
  const [length, setLength] = useState(0)
  const current = intent.value
  const editing = current?.kind === "edit" ? current.message : undefined
  const over = length - LIMITS.textLength

  const setText = (text: string) => {
    if (!field.current) return
    field.current.value = text
    setLength(lengthOf(text))
    fitHeight(field.current)
  }

  const mentions = useMentions(room, (text, caret) => {
    setText(text)
    field.current?.setSelectionRange(caret, caret)
    if (!editing) chat.peek()?.drafts.set(room.id, text)
  })

  useLayoutEffect(() => {
    intent.value = takeUp(room)
    setText(chat.peek()?.drafts.get(room.id) ?? "")
    if (!onTouch.matches) field.current?.focus({ preventScroll: true })
    return () => layAside(room, field.current?.value ?? "")
  }, [room])

  useLayoutEffect(() => {
    if (!editing) return
    setText(intent.peek()?.text ?? editing.body)
    return () => setText(chat.peek()?.drafts.get(room.id) ?? "")
  }, [editing, room])

  useChange(focusComposer.value, () => {
    const end = field.current?.value.length ?? 0
    field.current?.focus()
    field.current?.setSelectionRange(end, end)
  })

  useEffect(() => {
    if (!current) return
    return onEscape("intent", () => {
      intent.value = undefined
      field.current?.focus()
    })
  }, [current])

  const onInput = (event: Event) => {
    const element = field.current
    if (!element) return
    if (!(event as InputEvent).isComposing) mentions.follow(element)
    setLength(lengthOf(element.value))
    fitHeight(element)
    if (editing) return
    chat.peek()?.drafts.set(room.id, element.value)
    if (element.value.trim() === "") tellTypingStopped(room)
    else tellTyping(room)
  }

  const submit = () => {
    const text = field.current?.value.trim() ?? ""
    if (text === "" || lengthOf(text) > LIMITS.textLength) return
    const replyTo = current?.kind === "reply" ? current.message.seq : undefined
    intent.value = undefined
    if (editing) {
      if (text !== editing.body) void saveEdit(room, editing, text)
    } else {
      tellTypingStopped(room)
      void sendText(room, text, replyTo).then(() => {
        // Cleared on disk only when the letter is on disk.
        if (field.current?.value.trim() === "" || chat.peek()?.drafts.get(room.id).trim() === text) {
          chat.peek()?.drafts.set(room.id, field.current?.value ?? "")
        }
      })
      setText("")
      toEnd.value++
    }
    field.current?.focus()
  }

  const onKeyDown = (event: KeyboardEvent) => {
    if (isImeKey(event) || mentions.onKey(event, field.current)) return
    if (
      event.key === "Enter" &&
      !event.shiftKey &&
      !event.altKey &&
      (!onTouch.matches || event.ctrlKey || event.metaKey)
    ) {
      event.preventDefault()
      submit()
    } else if (event.key === "ArrowUp" && field.current?.value === "" && !current) {
      const last = room.thread.peek().rows.findLast(({ message }) => isMineAndLive(message))?.message
      if (!last) return
      event.preventDefault()
      intent.value = { kind: "edit", message: last }
    }
  }

  return (
    <form
      class={over > 0 ? "composer over" : "composer"}
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      {mentions.list(() => field.current)}
      {current && <IntentLine room={room} />}
      <div class="composer-row">
        <textarea
          ref={field}
          rows={1}
          dir="auto"
          aria-label={placeholderOf(room)}
          placeholder={placeholderOf(room)}
          onInput={onInput}
          onKeyDown={onKeyDown}
          onCompositionUpdate={() => tellTyping(room)}
          onCompositionEnd={onInput}
          onBlur={mentions.close}
          aria-autocomplete="list"
          aria-controls={mentions.open ? "mention-list" : undefined}
          aria-activedescendant={mentions.active}
          enterkeyhint={onTouch.matches ? "enter" : "send"}
          autocomplete="off"
        />
        {over > -SHOW_LEFT_BELOW && (
          <span class={over > 0 ? "count over" : "count"} role="status">
            {over > 0 ? t().tooLong(over) : t().charactersLeft(-over)}
          </span>
        )}
        <button
          type="submit"
          class="send"
          disabled={length === 0 || over > 0}
          aria-label={editing ? t().save : t().send}
          title={editing ? t().save : t().send}
          // Keeps the soft keyboard open: the field does not lose the focus.
          onPointerDown={(event) => event.preventDefault()}
        >
          <Icon name={editing ? "check" : "send"} />
        </button>
      </div>
    </form>
  )
}

function placeholderOf(room: Room): string {
  const facts = room.facts.value
  return facts.kind === "direct" ? t().writeToPerson(roomName(facts)) : t().writeTo(roomName(facts))
}

const isMineAndLive = ({ sender_id, kind, state, card }: Message): boolean =>
  sender_id === me.peek()?.id && kind === "text" && state === "live" && card === undefined

function IntentLine({ room }: { room: Room }) {
  const current = intent.value
  if (!current) return null
  const { state, body } = asItIsNow(room, current.message)
  const name = person(current.message.sender_id)?.name ?? ""
  return (
    <div class="intent">
      <Icon name={current.kind === "edit" ? "edit" : "reply"} size={14} />
      <b>{current.kind === "edit" ? t().editing : t().replyingTo(name)}</b>
      {current.kind === "reply" && <span dir="auto">{state === "deleted" ? t().deleted : oneLine(body)}</span>}
      <button
        type="button"
        class="icon-button small"
        aria-label={t().cancel}
        title={t().cancel}
        onClick={() => {
          intent.value = undefined
          focusComposer.value++
        }}
      >
        <Icon name="close" size={15} />
      </button>
    </div>
  )
}
