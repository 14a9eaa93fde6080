import type { ReadonlySignal } from "@preact/signals"
import { useComputed } from "@preact/signals"

/** Whether a signal holds this value. The component is drawn again when the answer changes, not at every change of value. */
export const useIs = <T>(signal: ReadonlySignal<T>, value: T): boolean =>
  useComputed(() => signal.value === value).value
