import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks"
import { chat } from "../../state/chat.ts"
import { focusComposer, intent, onTouch } from "../../state/compose.ts"
import type { Room } from "../../state/rooms.ts"
import { useChange } from "../bits/use-change.ts"
import { onEscape } from "../escape.ts"
import { fitHeight } from "./fit-height.ts"
import { layAside, takeUp } from "./unfinished.ts"

/** Characters as the server counts them: code points. */
export const lengthOf = (text: string): number => [...text].length

/**
 * The composer's text field. It is left to the browser: its value is set when the room or the intent changes, never while
 * somebody writes, so that no input method is ever disturbed.
 */
export function useField(room: Room) {
  const field = useRef<HTMLTextAreaElement>(null)
  const [length, setLength] = useState(0)
  const current = intent.value
  const editing = current?.kind === "edit" ? current.message : undefined

  /** Call whenever the text has changed. */
  const measure = (element: HTMLTextAreaElement) => {
    setLength(lengthOf(element.value))
    fitHeight(element)
  }
  const setText = (text: string) => {
    if (!field.current) return
    field.current.value = text
    measure(field.current)
  }

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

  return { field, length, editing, setText, measure }
}
