import type { Position } from "../../core/publication.ts"

interface Seen {
  readonly position: Position | undefined
  readonly expiresMs: number
}

/**
 * Idempotency keys of publications that are in no log. Bounded: past the bound the oldest key is forgotten
 * before its time, so that publishing with keys cannot fill the memory.
 */
export class RecentKeys {
  readonly #max: number
  readonly #seen = new Map<string, Seen>()

  constructor(max: number) {
    this.#max = max
  }

  get size(): number {
    return this.#seen.size
  }

  find(channel: string, key: string, nowMs: number): Seen | undefined {
    const seen = this.#seen.get(idOf(channel, key))
    return seen !== undefined && seen.expiresMs > nowMs ? seen : undefined
  }

  keep(channel: string, key: string, position: Position | undefined, nowMs: number, windowMs: number): void {
    const id = idOf(channel, key)
    this.#seen.delete(id)
    this.#seen.set(id, { position, expiresMs: nowMs + windowMs })
    this.#dropSpent(nowMs)
  }

  /** From the oldest: windows differ, but one that is long must not hold more than the bound behind it. */
  #dropSpent(nowMs: number): void {
    for (const [id, seen] of this.#seen) {
      if (seen.expiresMs > nowMs && this.#seen.size <= this.#max) return
      this.#seen.delete(id)
    }
  }
}

/** Length first: no channel and key can be mistaken for another pair. */
function idOf(channel: string, key: string): string {
  return `${channel.length}:${channel}${key}`
}
