import { LIMITS, type Message } from "../../contract.ts"
import { t } from "../../i18n/index.ts"
import { roomName } from "../../i18n/room-name.ts"
import { sendText } from "../../state/actions.ts"
import { chat } from "../../state/chat.ts"
import { focusComposer, intent, onTouch, toEnd } from "../../state/compose.ts"
import { me, person } from "../../state/people.ts"
import type { Room } from "../../state/rooms.ts"
import { Icon } from "../bits/Icon.tsx"
import { oneLine } from "../list/text.ts"
import { isImeKey } from "./ime.ts"
import { tellTyping, tellTypingStopped } from "./tell-typing.ts"
import { asItIsNow, saveEdit } from "./unfinished.ts"
import { lengthOf, useField } from "./use-field.ts"
import { useMentions } from "./use-mentions.tsx"

const SHOW_LEFT_BELOW = 200

/** What is written next in a room: a new message, a reply, or an edit. */
export function Composer({ room }: { room: Room }) {
  const { field, length, editing, setText, measure } = useField(room)
  const mentions = useMentions(room, (text, caret) => {
    setText(text)
    field.current?.setSelectionRange(caret, caret)
    if (!editing) chat.peek()?.drafts.set(room.id, text)
  })
  const over = length - LIMITS.textLength

  const onInput = (event: Event) => {
    const element = field.current
    if (!element) return
    if (!(event as InputEvent).isComposing) mentions.follow(element)
    measure(element)
    if (!editing) noteDraft(room, element.value)
  }

  const submit = () => {
    const text = field.current?.value.trim() ?? ""
    if (text === "" || lengthOf(text) > LIMITS.textLength) return
    const replyTo = intent.value?.kind === "reply" ? intent.value.message.seq : undefined
    intent.value = undefined
    if (editing) {
      if (text !== editing.body) void saveEdit(room, editing, text)
    } else {
      tellTypingStopped(room)
      void sendText(room, text, replyTo).then(() => clearDraft(room, text, field.current?.value))
      setText("")
      toEnd.value++
    }
    field.current?.focus()
  }

  const onKeyDown = (event: KeyboardEvent) => {
    if (isImeKey(event) || mentions.onKey(event, field.current)) return
    const last = event.key === "ArrowUp" && field.current?.value === "" && !intent.value ? lastOfMine(room) : undefined
    if (!sends(event) && !last) return
    event.preventDefault()
    if (last) intent.value = { kind: "edit", message: last }
    else submit()
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
      {intent.value && <IntentLine room={room} />}
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
        {over > -SHOW_LEFT_BELOW && <Count over={over} />}
        <SendButton isEdit={editing !== undefined} disabled={length === 0 || over > 0} />
      </div>
    </form>
  )
}

function Count({ over }: { over: number }) {
  return (
    <span class={over > 0 ? "count over" : "count"} role="status">
      {over > 0 ? t().tooLong(over) : t().charactersLeft(-over)}
    </span>
  )
}

function SendButton({ isEdit, disabled }: { isEdit: boolean; disabled: boolean }) {
  const label = isEdit ? t().save : t().send
  return (
    <button
      type="submit"
      class="send"
      disabled={disabled}
      aria-label={label}
      title={label}
      // Keeps the soft keyboard open: the field does not lose the focus.
      onPointerDown={(event) => event.preventDefault()}
    >
      <Icon name={isEdit ? "check" : "send"} />
    </button>
  )
}

/** Enter sends where there are keys; on a touch screen it is a new line, unless Ctrl or Cmd is held. */
const sends = ({ key, shiftKey, altKey, ctrlKey, metaKey }: KeyboardEvent): boolean =>
  key === "Enter" && !shiftKey && !altKey && (!onTouch.matches || ctrlKey || metaKey)

function noteDraft(room: Room, text: string): void {
  chat.peek()?.drafts.set(room.id, text)
  if (text.trim() === "") tellTypingStopped(room)
  else tellTyping(room)
}

/** The draft goes only now that the letter is on disk, and not if something else has been written meanwhile. */
function clearDraft(room: Room, sent: string, inField: string | undefined): void {
  if (inField?.trim() !== "" && chat.peek()?.drafts.get(room.id).trim() !== sent) return
  chat.peek()?.drafts.set(room.id, inField ?? "")
}

const lastOfMine = (room: Room): Message | undefined =>
  room.thread.peek().rows.findLast(({ message }) => isMineAndLive(message))?.message

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
