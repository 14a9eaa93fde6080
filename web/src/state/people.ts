import { type Signal, signal } from "@preact/signals"
import type { Message, User } from "../contract.ts"
import { inReadersWords } from "../i18n/room-name.ts"
import { callsFor } from "./called.ts"

const known = new Map<string, Signal<User | undefined>>()

/** Whoever is signed in. */
export const me = signal<User | null>(null)

/** What we know of a person; read inside a component it re-renders that component when the person changes. */
export function person(id: string): User | undefined {
  const user = slot(id).value
  return user && inReadersWords(user)
}

/** Takes over what the server says of a person. */
export function learn(user: User): void {
  const at = slot(user.id)
  const old = at.peek()
  if (!old || old.name !== user.name || old.avatar !== user.avatar || old.guest !== user.guest) at.value = user
  if (me.peek()?.id === user.id && me.peek()?.name !== user.name) me.value = user
}

/** Whether a message of somebody else calls me by name. */
export function namesMe(message: Message): boolean {
  const self = me.value
  if (!self || message.sender_id === self.id) return false
  return callsFor(message.body, self.name)
}

export function learnAll(users: Readonly<Record<string, User>>): void {
  for (const user of Object.values(users)) learn(user)
}

function slot(id: string): Signal<User | undefined> {
  let found = known.get(id)
  if (!found) {
    found = signal<User | undefined>(undefined)
    known.set(id, found)
  }
  return found
}
