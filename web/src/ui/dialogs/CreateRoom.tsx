import { useState } from "preact/hooks"
import { CODES, LIMITS } from "../../contract.ts"
import { explain, t } from "../../i18n/index.ts"
import { createRoom } from "../../state/actions.ts"
import { Dialog } from "../bits/Dialog.tsx"
import { closeDialog } from "./open.ts"

export function CreateRoom() {
  const [name, setName] = useState("")
  const [topic, setTopic] = useState("")
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState("")
  const submit = async (event: Event) => {
    event.preventDefault()
    setBusy(true)
    try {
      await createRoom(name.trim(), topic.trim())
      closeDialog()
    } catch (error) {
      setFailure((error as { code?: number }).code === CODES.nameTaken ? t().roomExists : explain(error))
      setBusy(false)
    }
  }
  return (
    <Dialog title={t().newRoom} onClose={closeDialog}>
      <form class="form" onSubmit={submit}>
        <label>
          <span>{t().roomName}</span>
          <input
            value={name}
            // The dialog was opened to type this.
            autofocus
            required
            maxLength={LIMITS.roomNameLength}
            placeholder={t().roomNameHint}
            aria-invalid={failure !== ""}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </label>
        <label>
          <span>
            {t().roomTopic} <i>{t().optional}</i>
          </span>
          <input value={topic} maxLength={200} onInput={(event) => setTopic(event.currentTarget.value)} />
        </label>
        {failure !== "" && (
          <p class="field-error" role="alert">
            {failure}
          </p>
        )}
        <div class="buttons end">
          <button type="button" class="button" onClick={closeDialog}>
            {t().cancel}
          </button>
          <button type="submit" class="button primary" disabled={busy || name.trim() === ""}>
            {t().createRoom}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
