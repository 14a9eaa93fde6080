import { t } from "../../i18n/index.ts"
import { person } from "../../state/people.ts"
import type { Room } from "../../state/rooms.ts"
import { typists } from "../../state/typing.ts"

/** Its height is always there, so that nothing jumps when somebody starts to type. Not announced. */
export function TypingLine({ room }: { room: Room }) {
  const names = (typists.value.get(room.id) ?? []).map((typist) => person(typist.userId)?.name ?? "…")
  const [first, second] = names
  let text = ""
  if (names.length > 2) text = t().typingMany
  else if (first && second) text = t().typingTwo(first, second)
  else if (first) text = t().typingOne(first)
  return (
    <div class="typing-line">
      {text !== "" && (
        <>
          <span class="wings" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          <span class="typing-text">{text}</span>
        </>
      )}
    </div>
  )
}
