import { useEffect, useLayoutEffect, useRef } from "preact/hooks"
import type { Message } from "../../contract.ts"
import { t } from "../../i18n/index.ts"
import { copy, deleteMessage } from "../../state/actions.ts"
import { confirming, focusComposer, intent } from "../../state/compose.ts"
import { me } from "../../state/people.ts"
import { roomAddress } from "../../state/place.ts"
import type { Room } from "../../state/rooms.ts"
import { Dialog } from "../bits/Dialog.tsx"
import { Icon } from "../bits/Icon.tsx"
import type { IconName } from "../bits/icon-paths.ts"
import { onEscape } from "../escape.ts"
import { openSheet } from "./row-state.ts"

interface Action {
  readonly icon: IconName
  readonly label: string
  readonly danger?: boolean
  run(): void
}

function actionsFor(room: Room, message: Message, mine: boolean): Action[] {
  const link = new URL(roomAddress(room, message.seq), location.href).href
  const actions: Action[] = [
    { icon: "reply", label: t().reply, run: () => startIntent("reply", message) },
    { icon: "copy", label: t().copyText, run: () => void copy(message.body) },
    { icon: "link", label: t().copyLink, run: () => void copy(link) },
  ]
  if (!mine) return actions
  return [
    ...actions.slice(0, 1),
    ...(message.card === undefined ? [edit(message)] : []),
    ...actions.slice(1),
    { icon: "delete", label: t().delete, danger: true, run: () => askDelete(message) },
  ]
}

const edit = (message: Message): Action => ({
  icon: "edit",
  label: t().edit,
  run: () => startIntent("edit", message),
})

export function startIntent(kind: "edit" | "reply", message: Message): void {
  intent.value = { kind, message }
  focusComposer.value++
}

export function askDelete(message: Message): void {
  confirming.value = message.id
}

/** The buttons over a row's corner. */
export function ActionBar({ room, message, mine }: { room: Room; message: Message; mine: boolean }) {
  return (
    <div class="action-bar" role="toolbar" aria-label={t().actions}>
      {actionsFor(room, message, mine).map((action) => (
        <button
          key={action.icon}
          type="button"
          class={action.danger ? "icon-button danger" : "icon-button"}
          aria-label={action.label}
          title={action.label}
          onClick={action.run}
        >
          <Icon name={action.icon} size={16} />
        </button>
      ))}
    </div>
  )
}

/** The same actions for a thumb. */
export function ActionSheet() {
  const open = openSheet.value
  if (!open) return null
  const close = () => {
    openSheet.value = undefined
  }
  const mine = open.message.sender_id === me.value?.id
  return (
    <Dialog title={t().actions} kind="sheet" onClose={close}>
      {actionsFor(open.room, open.message, mine).map((action) => (
        <button
          key={action.icon}
          type="button"
          class={action.danger ? "menu-item danger" : "menu-item"}
          onClick={() => {
            close()
            action.run()
          }}
        >
          <Icon name={action.icon} />
          {action.label}
        </button>
      ))}
    </Dialog>
  )
}

/** Asked in place: a line, not a dialog. */
export function DeleteQuestion({ room, message }: { room: Room; message: Message }) {
  const yes = useRef<HTMLButtonElement>(null)
  useLayoutEffect(() => yes.current?.focus(), [])
  const done = () => {
    confirming.value = undefined
    focusComposer.value++
  }
  useEffect(() => onEscape("question", done), [])
  return (
    <fieldset class="question" aria-label={t().deleteAsk}>
      <span>{t().deleteAsk}</span>
      <button
        ref={yes}
        type="button"
        class="text-button danger"
        onClick={() => {
          done()
          void deleteMessage(room, message)
        }}
      >
        {t().delete}
      </button>
      <button type="button" class="text-button" onClick={done}>
        {t().keep}
      </button>
    </fieldset>
  )
}
