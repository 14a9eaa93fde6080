import { useState } from "preact/hooks"
import { CODES, LIMITS } from "../../contract.ts"
import { explain, t } from "../../i18n/index.ts"
import { enter, guestsWelcome, phase } from "../../state/visit.ts"
import { Icon } from "../bits/Icon.tsx"
import { Mark } from "../bits/Mark.tsx"
import { isImeKey } from "../composer/ime.ts"
import { useAfter } from "../list/use-after.ts"

/** The page before anybody is signed in. */
export function Entry() {
  const slow = useAfter(phase.value === "opening", 200)
  if (phase.value === "opening") return <main class="entry">{slow && <Mark size={64} flying />}</main>
  if (phase.value === "unreachable") return <Notice title={t().unreachableTitle} text={t().unreachableText} flying />
  if (phase.value === "ended") return <Notice title={t().signedOutTitle} text={t().signedOutText} again />
  if (phase.value === "sent-away") return <Notice title={t().sentAwayTitle} text={t().sentAwayText} again />
  if (!guestsWelcome.value) return <Notice title={t().closedTitle} text={t().closedText} again />
  return <FirstVisit />
}

function Notice({ title, text, again, flying }: { title: string; text: string; again?: boolean; flying?: boolean }) {
  return (
    <main class="entry">
      <div class="centre">
        <Mark size={72} flying={flying ?? false} />
        <h1>{title}</h1>
        <p>{text}</p>
        {again && (
          <button type="button" class="button primary" onClick={() => location.reload()}>
            {t().tryAgain}
          </button>
        )}
      </div>
    </main>
  )
}

/** No form before the door: the composer asks for a name instead of a message. */
function FirstVisit() {
  const [name, setName] = useState("")
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState("")
  const submit = async (event: Event) => {
    event.preventDefault()
    const wanted = name.trim()
    if (wanted === "") return
    if ([...wanted].length > LIMITS.nameLength) return setFailure(t().nameTooLong(LIMITS.nameLength))
    setBusy(true)
    try {
      await enter(wanted)
    } catch (error) {
      setFailure((error as { code?: number }).code === CODES.nameTaken ? t().nameTaken : explain(error))
      setBusy(false)
    }
  }
  return (
    <main class="entry first-visit">
      <div class="centre">
        <Mark size={88} />
        <h1>{t().welcome}</h1>
        <p>{t().welcomeText}</p>
      </div>
      <div class="foot">
        <div class="column">
          <p class="field-error" role="alert">
            {failure}
          </p>
          <form class="composer" onSubmit={submit}>
            <div class="composer-row">
              <input
                // The page has one thing to do.
                autofocus
                value={name}
                aria-label={t().yourName}
                placeholder={t().yourName}
                autocomplete="nickname"
                enterkeyhint="go"
                aria-invalid={failure !== ""}
                onInput={(event) => {
                  setName(event.currentTarget.value)
                  setFailure("")
                }}
                onKeyDown={(event) => {
                  // The Enter of an input method must not walk through the door with half a name.
                  if (event.key === "Enter" && isImeKey(event)) event.preventDefault()
                }}
              />
              <button type="submit" class="send wide" disabled={busy || name.trim() === ""}>
                {busy ? t().entering : t().enter}
                <Icon name="send" size={16} />
              </button>
            </div>
          </form>
        </div>
      </div>
    </main>
  )
}
