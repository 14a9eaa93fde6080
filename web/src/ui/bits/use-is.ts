import type { ReadonlySignal } from "@preact/signals"
import { useComputed } from "@preact/signals"

/** Whether a signal holds this value. A component that asks is drawn again when the answer changes, not with every value. */
export const useIs = <T>(signal: ReadonlySignal<T>, value: T): boolean =>
  useComputed(() => signal.value === value).value
