import { signal } from "@preact/signals"
import type { Message } from "../contract.ts"

/** Where a soft keyboard is likely: Enter is a new line, the button sends, and nothing takes the focus by itself. */
export const onTouch = matchMedia("(hover: none) and (pointer: coarse)")

/** What the composer is for at this moment, besides writing something new. */
export type Intent = { readonly kind: "edit" | "reply"; readonly message: Message }

export const intent = signal<Intent | undefined>(undefined)
/** The message whose row asks "delete?". */
export const confirming = signal<string | undefined>(undefined)
/** A message to bring into view: permalink, quote, first unread. */
export const target = signal<{ readonly seq: number; readonly part: number; readonly flash: boolean } | undefined>(
  undefined,
)
/** The message flashing after a jump. */
export const flashing = signal<number | undefined>(undefined)
/** Asks the list to go to its end: after sending, and when a pill is pressed. */
export const toEnd = signal(0)
/** Asks the composer for the focus. */
export const focusComposer = signal(0)
