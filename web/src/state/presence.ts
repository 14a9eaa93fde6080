import { signal } from "@preact/signals"

/** Per channel: client id → user id. A person with three tabs is there three times, and here once. */
const clients = new Map<string, Map<string, string>>()

/** Everybody seen in any channel of ours. */
export const online = signal<ReadonlySet<string>>(new Set())

function recount(): void {
  const next = new Set<string>()
  for (const channel of clients.values()) for (const userId of channel.values()) next.add(userId)
  const old = online.peek()
  if (next.size !== old.size || [...next].some((id) => !old.has(id))) online.value = next
}

export function setPresence(channel: string, present: Map<string, string>): void {
  clients.set(channel, present)
  recount()
}

export function joined(channel: string, client: string, userId: string): void {
  const present = clients.get(channel) ?? new Map<string, string>()
  present.set(client, userId)
  clients.set(channel, present)
  recount()
}

export function left(channel: string, client: string): void {
  if (clients.get(channel)?.delete(client)) recount()
}

export function forgetPresence(channel: string): void {
  if (clients.delete(channel)) recount()
}
