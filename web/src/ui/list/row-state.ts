import { signal } from "@preact/signals"
import type { Message } from "../../contract.ts"
import type { Room } from "../../state/rooms.ts"

/** The row under the pointer or with the focus: the only one that carries buttons. */
export const activeRow = signal<string | undefined>(undefined)
/** On touch screens: the message whose actions stand in a sheet at the bottom. */
export const openSheet = signal<{ room: Room; message: Message } | undefined>(undefined)
