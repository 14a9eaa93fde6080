import type { ComponentChildren } from "preact"
import { useId, useRef, useState } from "preact/hooks"

interface Props {
  /** The tooltip; also the button's name, unless `named`. */
  label: string
  /** The button's content names it already. */
  named?: boolean
  buttonClass: string
  button: ComponentChildren
  /** Where the panel stands: above the button's left edge, or below its right edge. */
  placed: "above" | "below"
  children: (close: () => void) => ComponentChildren
}

const MARGIN_PX = 8

/** A button and its panel. The panel is a native popover: it closes on Esc and on a click elsewhere. */
export function Popover({ label, named, buttonClass, button, placed, children }: Props) {
  const id = useId()
  const trigger = useRef<HTMLButtonElement>(null)
  const panel = useRef<HTMLDivElement>(null)
  const [open, setOpen] = useState(false)

  const place = () => {
    const anchor = trigger.current?.getBoundingClientRect()
    const style = panel.current?.style
    if (!anchor || !style) return
    if (placed === "above") {
      style.left = `${Math.max(MARGIN_PX, anchor.left)}px`
      style.bottom = `${innerHeight - anchor.top + MARGIN_PX}px`
    } else {
      style.right = `${Math.max(MARGIN_PX, innerWidth - anchor.right)}px`
      style.top = `${anchor.bottom + MARGIN_PX / 2}px`
    }
  }

  return (
    <>
      <button
        ref={trigger}
        type="button"
        class={buttonClass}
        aria-label={named ? undefined : label}
        aria-expanded={open}
        aria-controls={id}
        title={label}
        popovertarget={id}
      >
        {button}
      </button>
      <div
        ref={panel}
        id={id}
        class={`popover ${placed}`}
        popover="auto"
        onBeforeToggle={(event) => {
          const opening = event.newState === "open"
          if (opening) place()
          setOpen(opening)
        }}
      >
        {open && children(() => panel.current?.hidePopover())}
      </div>
    </>
  )
}
