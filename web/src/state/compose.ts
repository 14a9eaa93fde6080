import { signal } from "@preact/signals"
import type { Message } from "../contract.ts"

/** A soft keyboard is likely: Enter is a new line, the button sends, and no field is focused without being touched. */
export const onTouch = matchMedia("(hover: none) and (pointer: coarse)")

/** What the composer is for at this moment, besides writing something new. */
export interface Intent {
  readonly kind: "edit" | "reply"
  readonly message: Message
  /** An edit begun before: what had been written. */
  readonly text?: string
}

export const intent = signal<Intent | undefined>(undefined)
/** Edits and replies begun in a room that was left: conversation id → what the composer takes up again there. */
export const laidAside = new Map<string, Intent>()
/** The message whose row asks "delete?". */
export const confirming = signal<string | undefined>(undefined)
/** A message to bring into view: permalink, quote, first unread. */
export interface Target {
  readonly roomId: string
  readonly seq: number
  readonly part: number
  readonly flash: boolean
}

export const target = signal<Target | undefined>(undefined)
/** The message flashing after a jump. */
export const flashing = signal<string | undefined>(undefined)
/** Asks the list to go to its end: after sending, and when a pill is pressed. */
export const toEnd = signal(0)
/** Asks the composer for the focus. */
export const focusComposer = signal(0)
