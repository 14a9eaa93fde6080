import { t, wordsFor } from "../../i18n/index.ts"
import { listTime } from "../../i18n/time.ts"
import type { Letter } from "../../outbox/queue.ts"
import { link } from "../../session/connection.ts"
import { chat } from "../../state/chat.ts"
import { me } from "../../state/people.ts"
import { Avatar } from "../bits/Avatar.tsx"
import { Icon } from "../bits/Icon.tsx"
import { MessageText } from "./MessageText.tsx"

/** A message of mine that is not in the log yet. */
export function PendingRow({ letter, first }: { letter: Letter; first: boolean }) {
  const author = me.value
  if (!author) return null
  return (
    <li class={`message mine ${letter.state} ${first ? "first" : ""}`} data-key={letter.client_id}>
      <article aria-label={`${author.name}: ${letter.text.slice(0, 300)}`}>
        <div class="gutter">{first && <Avatar user={author} />}</div>
        <div class="content">
          {first && (
            <div class="byline">
              <span class="author mine">{author.name}</span>
            </div>
          )}
          <MessageText text={letter.text} />
          <State letter={letter} />
        </div>
      </article>
    </li>
  )
}

function State({ letter }: { letter: Letter }) {
  const outbox = chat.value?.outbox
  const waiting = letter.state === "queued" && link.value !== "up"
  if (letter.state === "sent" || !outbox) return null
  if (letter.state === "failed" || letter.state === "held") {
    const failed = letter.state === "failed"
    const reason = wordsFor(letter.failure?.code) ?? letter.failure?.message
    return (
      <div class={failed ? "state failed" : "state held"}>
        <Icon name={failed ? "alert" : "clock"} size={14} />
        <span>
          {failed ? `${t().failedState}${reason ? ` · ${reason}` : ""}` : t().heldState(listTime(letter.written_at))}
        </span>
        <button type="button" class="text-button" onClick={() => outbox.resend(letter.client_id)}>
          {failed ? t().resend : t().sendNow}
        </button>
        <button type="button" class="text-button" onClick={() => outbox.discard(letter.client_id)}>
          {t().discard}
        </button>
      </div>
    )
  }
  return (
    <div class={waiting ? "state waiting" : "state sending"}>
      <Icon name="clock" size={12} />
      <span>{waiting ? t().queuedState : t().sendingState}</span>
    </div>
  )
}
