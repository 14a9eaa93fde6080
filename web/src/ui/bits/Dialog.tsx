import type { ComponentChildren } from "preact"
import { useLayoutEffect, useRef } from "preact/hooks"
import { t } from "../../i18n/index.ts"
import { Icon } from "./Icon.tsx"

interface Props {
  title: string
  kind?: "plain" | "drawer" | "sheet" | "switcher"
  onClose(): void
  children: ComponentChildren
}

/** A native modal dialog: the browser keeps the focus inside, closes on Esc and gives the focus back. */
export function Dialog({ title, kind = "plain", onClose, children }: Props) {
  const element = useRef<HTMLDialogElement>(null)
  useLayoutEffect(() => {
    const before = document.activeElement
    element.current?.showModal()
    // Without a field of its own the dialog takes the focus, not its close button.
    if (document.activeElement?.classList.contains("dialog-close")) element.current?.focus()
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true })
    }
  }, [])
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: a click outside closes; the keyboard has Esc, from the dialog itself.
    <dialog
      ref={element}
      class={`dialog ${kind}`}
      tabIndex={-1}
      aria-label={title}
      // The browser tells of a closing some time after it: by then another dialog may stand in this one's place.
      onClose={(event) => event.currentTarget.isConnected && onClose()}
      onClick={(event) => event.target === element.current && element.current?.close()}
    >
      {kind !== "switcher" && (
        <header>
          <h2>{title}</h2>
          <button
            type="button"
            class="icon-button dialog-close"
            aria-label={t().close}
            onClick={() => element.current?.close()}
          >
            <Icon name="close" />
          </button>
        </header>
      )}
      <div class="dialog-body">{children}</div>
    </dialog>
  )
}
