import { computed, signal } from "@preact/signals"
import { decoded } from "../session/addresses.ts"
import { type Room, rooms } from "./rooms.ts"

/** The address after `#`: `/r/<slug>` or `/c/<conversation id>`, and `/<seq>` when it points at a message. */
export interface Place {
  readonly slug?: string
  readonly id?: string
  readonly seq?: number
}

function parsePlace(hash: string): Place {
  const match = /^#\/([rc])\/([^/]+)(?:\/(\d+))?$/.exec(hash)
  if (!match) return {}
  const name = decoded(match[2] ?? "")
  const seq = match[3] ? { seq: Number(match[3]) } : {}
  return match[1] === "r" ? { slug: name, ...seq } : { id: name, ...seq }
}

export const place = signal<Place>(parsePlace(location.hash))
/** Counts visits, so that following the same link twice jumps twice. */
export const visits = signal(0)

addEventListener("hashchange", () => {
  place.value = parsePlace(location.hash)
  visits.value++
})

/** The open conversation, if it is one of mine. */
export const openRoom = computed<Room | undefined>(() => {
  const { slug, id } = place.value
  if (id !== undefined) return rooms.value.get(id)
  if (slug === undefined) return undefined
  for (const room of rooms.value.values()) if (room.facts.value.slug === slug) return room
  return undefined
})

export function addressOf(room: { id: string; slug?: string | undefined }, seq?: number): string {
  const where = room.slug ? `/r/${encodeURIComponent(room.slug)}` : `/c/${encodeURIComponent(room.id)}`
  return `#${where}${seq === undefined ? "" : `/${seq}`}`
}

export const roomAddress = (room: Room, seq?: number): string => addressOf(room.facts.peek(), seq)

export function go(address: string, how: "push" | "replace" = "push"): void {
  if (how === "replace") history.replaceState(null, "", address)
  else if (location.hash !== address) history.pushState(null, "", address)
  place.value = parsePlace(address)
  visits.value++
}

/** On a phone: back to the list. */
export function goToList(): void {
  go("#/")
}
addEventListener("popstate", () => {
  place.value = parsePlace(location.hash)
})
