import { useComputed } from "@preact/signals"
import type { Message, User } from "../../contract.ts"
import { t } from "../../i18n/index.ts"
import { clock, fullTime } from "../../i18n/time.ts"
import { pendingChanges } from "../../state/actions.ts"
import { confirming, flashing, intent } from "../../state/compose.ts"
import { me, namesMe, person } from "../../state/people.ts"
import type { Room } from "../../state/rooms.ts"
import { Avatar } from "../bits/Avatar.tsx"
import { memo } from "../bits/memo.ts"
import { useIs } from "../bits/use-is.ts"
import { ActionBar, DeleteQuestion } from "./MessageActions.tsx"
import { MessageText } from "./MessageText.tsx"
import { NoticeCard, wordsBeside } from "./NoticeCard.tsx"
import { Quote } from "./Quote.tsx"
import { activeRow, openSheet } from "./row-state.ts"
import { SystemLine } from "./SystemLine.tsx"

interface Props {
  room: Room
  message: Message
  itemKey: string
  first: boolean
  /** The one row of the list that Tab reaches; arrow keys go on from it. */
  tabbable: boolean
}

const nobody = (id: string): User => ({ id, name: "…" })

function Row(props: Props) {
  if (props.message.kind === "system") return <SystemLine message={props.message} itemKey={props.itemKey} />
  return <SaidRow {...props} />
}

function SaidRow({ room, message, itemKey, first, tabbable }: Props) {
  const { id } = message
  // What concerns one row at a time draws that row, not all of them.
  const flashes = useIs(flashing, id)
  const hovered = useIs(activeRow, id)
  const asked = useIs(confirming, id)
  const editing = useComputed(() => intent.value?.kind === "edit" && intent.value.message.id === id).value
  const pending = useComputed(() => pendingChanges.value.get(id)).value
  const author = person(message.sender_id) ?? nobody(message.sender_id)
  const mine = message.sender_id === me.value?.id
  const deleted = message.state === "deleted" || (pending !== undefined && pending.text === undefined)
  const text = pending?.text ?? message.body
  const classes = ["message"]
  if (first) classes.push("first")
  if (pending) classes.push("pending")
  if (!deleted && namesMe(message)) classes.push("names-me")
  if (flashes) classes.push("flash")
  if (editing) classes.push("editing")
  const active = hovered && !deleted
  return (
    <li
      class={classes.join(" ")}
      data-key={itemKey}
      data-seq={message.seq}
      onMouseEnter={() => {
        activeRow.value = id
      }}
      onMouseLeave={() => {
        if (activeRow.peek() === id) activeRow.value = undefined
      }}
      onFocusIn={() => {
        activeRow.value = id
      }}
      onContextMenu={(event) => {
        // A long press; with a mouse the browser's own menu (copy, spell check) stays.
        if ((event as unknown as PointerEvent).pointerType === "mouse" || deleted) return
        event.preventDefault()
        openSheet.value = { room, message }
      }}
    >
      <article aria-label={labelOf(author.name, message, deleted ? t().deleted : text)} tabIndex={tabbable ? 0 : -1}>
        <div class="gutter">{first ? <Avatar user={author} /> : <Stamp message={message} />}</div>
        <div class="content">
          {first && (
            <div class="byline">
              <span class={mine ? "author mine" : "author"}>{author.name}</span>
              <Stamp message={message} />
            </div>
          )}
          {message.reply_to_seq !== undefined && !deleted && <Quote room={room} seq={message.reply_to_seq} />}
          {deleted ? <div class="text tombstone">{t().deleted}</div> : <Words message={message} text={text} />}
          {asked && <DeleteQuestion room={room} message={message} />}
        </div>
      </article>
      {active && <ActionBar room={room} message={message} mine={mine} />}
    </li>
  )
}

/** What was said; a notice is drawn as its card, with the words that came beside it. */
function Words({ message, text }: { message: Message; text: string }) {
  if (message.card === undefined) return <MessageText text={text} editedAt={message.edited_at} />
  const beside = wordsBeside(message)
  return (
    <>
      {beside !== "" && <MessageText text={beside} />}
      <NoticeCard card={message.card} />
    </>
  )
}

const labelOf = (name: string, message: Message, text: string): string =>
  `${name}, ${clock(message.created_at)}: ${text.slice(0, 300)}`

function Stamp({ message }: { message: Message }) {
  return (
    <time dateTime={new Date(message.created_at).toISOString()} title={fullTime(message.created_at)}>
      {clock(message.created_at)}
    </time>
  )
}

export const MessageRow = memo(Row)
