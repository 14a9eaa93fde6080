import { computed } from "@preact/signals"
import { region } from "./index.ts"

/** Compares names as a language orders them, "Room 2" before "Room 10". */
export const orderIn = (language: string): ((a: string, b: string) => number) =>
  new Intl.Collator(language, { numeric: true }).compare

const order = computed(() => orderIn(region.value))

/** As the reader's language orders them. */
export const byName = (a: string, b: string): number => order.value(a, b)
