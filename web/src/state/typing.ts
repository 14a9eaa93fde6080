import { signal } from "@preact/signals"
import { LIMITS } from "../contract.ts"

interface Typist {
  readonly userId: string
  readonly untilMs: number
}

/** Per conversation, who is typing at this moment. */
export const typists = signal<ReadonlyMap<string, readonly Typist[]>>(new Map())

let sweeper: ReturnType<typeof setTimeout> | undefined

export function typing(conversationId: string, userId: string, active: boolean): void {
  const others = (typists.peek().get(conversationId) ?? []).filter((typist) => typist.userId !== userId)
  if (active) others.push({ userId, untilMs: Date.now() + LIMITS.typingLifeMs })
  write(conversationId, others)
  sweepLater()
}

function write(conversationId: string, list: readonly Typist[]): void {
  const next = new Map(typists.peek())
  if (list.length > 0) next.set(conversationId, list)
  else if (!next.delete(conversationId)) return
  typists.value = next
}

function sweepLater(): void {
  clearTimeout(sweeper)
  const ends = [...typists.peek().values()].flat().map((typist) => typist.untilMs)
  if (ends.length === 0) return
  sweeper = setTimeout(sweep, Math.max(0, Math.min(...ends) - Date.now()) + 20)
}

function sweep(): void {
  const nowMs = Date.now()
  for (const [id, list] of typists.peek()) {
    const alive = list.filter((typist) => typist.untilMs > nowMs)
    if (alive.length !== list.length) write(id, alive)
  }
  sweepLater()
}
