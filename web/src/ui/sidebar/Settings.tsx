import type { Signal } from "@preact/signals"
import { useState } from "preact/hooks"
import { CODES, LIMITS } from "../../contract.ts"
import { explain, t } from "../../i18n/index.ts"
import { chat } from "../../state/chat.ts"
import { learn, me } from "../../state/people.ts"
import { language, theme } from "../../state/settings.ts"
import { Icon } from "../bits/Icon.tsx"
import { dialog } from "../dialogs/open.ts"

export function Settings({ close }: { close(): void }) {
  return (
    <div class="settings">
      {me.value?.guest && <NameForm />}
      <Choice
        legend={t().theme}
        value={theme}
        options={[
          ["system", t().themeSystem],
          ["light", t().themeLight],
          ["dark", t().themeDark],
        ]}
      />
      <Choice
        legend={t().language}
        value={language}
        options={[
          ["system", t().languageSystem],
          ["en", "English"],
          ["zh-CN", "中文"],
        ]}
      />
      <hr />
      <button
        type="button"
        class="menu-item"
        onClick={() => {
          close()
          dialog.value = { kind: "keys" }
        }}
      >
        {t().keys}
        <kbd>?</kbd>
      </button>
      <button
        type="button"
        class="menu-item"
        onClick={() => {
          close()
          dialog.value = { kind: "sign-out" }
        }}
      >
        {t().signOut}
        <Icon name="exit" size={16} />
      </button>
    </div>
  )
}

interface ChoiceProps<T extends string> {
  legend: string
  value: Signal<T>
  options: readonly (readonly [T, string])[]
}

function Choice<T extends string>({ legend, value, options }: ChoiceProps<T>) {
  return (
    <fieldset class="choice">
      <legend>{legend}</legend>
      <div class="segments">
        {options.map(([option, label]) => (
          <label key={option}>
            <input
              type="radio"
              name={legend}
              checked={value.value === option}
              onChange={() => {
                value.value = option
              }}
            />
            <span>{label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}

function NameForm() {
  const [name, setName] = useState(me.value?.name ?? "")
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState("")
  const wanted = name.trim()
  const save = async (event: Event) => {
    event.preventDefault()
    setBusy(true)
    try {
      const answer = await chat.peek()?.connection.call("chat.profile", { name: wanted })
      if (answer) {
        learn(answer.user)
        me.value = answer.user
      }
      setFailure("")
    } catch (error) {
      setFailure((error as { code?: number }).code === CODES.nameTaken ? t().nameTaken : explain(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <form class="name-form" onSubmit={save}>
      <label>
        <span>{t().displayName}</span>
        <input
          value={name}
          maxLength={LIMITS.nameLength}
          autocomplete="nickname"
          aria-invalid={failure !== ""}
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </label>
      {wanted !== "" && wanted !== me.value?.name && (
        <button type="submit" class="button small" disabled={busy}>
          {t().rename}
        </button>
      )}
      {failure !== "" && (
        <p class="field-error" role="alert">
          {failure}
        </p>
      )}
    </form>
  )
}
