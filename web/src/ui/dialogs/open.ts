import { signal } from "@preact/signals"
import type { Room } from "../../state/rooms.ts"

export type OpenDialog =
  | { readonly kind: "switcher" | "keys" | "browse" | "create" | "sign-out" }
  | { readonly kind: "leave"; readonly room: Room }

/** The one dialog that is open. */
export const dialog = signal<OpenDialog | undefined>(undefined)

export const closeDialog = (): void => {
  dialog.value = undefined
}
