import { signal } from "@preact/signals"

/** Joined once per second for screen readers; own messages and typing never come here. */
export const politeText = signal("")
export const assertiveText = signal("")
/** A short line at the bottom of the page; leaves by itself. */
export const toast = signal<{ text: string; id: number } | undefined>(undefined)

interface Heard {
  readonly who: string
  readonly text: string
}

let waiting: Heard[] = []
let gathering = false

/** `join` makes one sentence of all that came within a second. */
export function announce(heard: Heard, join: (all: readonly Heard[]) => string): void {
  waiting.push(heard)
  if (gathering) return
  gathering = true
  setTimeout(() => {
    politeText.value = join(waiting)
    waiting = []
    gathering = false
  }, 1_000)
}

/** Read out by screen readers at once. */
export function alarm(text: string): void {
  // The same text twice is not read twice unless the node changes.
  assertiveText.value = assertiveText.peek() === text ? `${text} ` : text
}

let toasts = 0
const TOAST_MS = 5_000

/** Shows a short line at the bottom of the page for a while. */
export function say(text: string): void {
  const id = ++toasts
  toast.value = { text, id }
  alarm(text)
  setTimeout(() => {
    if (toast.peek()?.id === id) toast.value = undefined
  }, TOAST_MS)
}
