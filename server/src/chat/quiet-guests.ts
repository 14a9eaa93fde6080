import type { Clock } from "../core/clock.ts"
import type { ChatStore } from "../store/contract.ts"
import { isGuestId } from "./ids.ts"
import { type People, TOUCH_INTERVAL_MS } from "./people.ts"

/** Guests looked at in one call of the store, which others wait for. */
const AT_A_TIME = 100
/** Calls in one sweep: an hour's worth of what a flood can make. What is left is for the next sweep, which goes on there. */
const MAX_CALLS = 500

export interface QuietGuestsParts {
  readonly store: Pick<ChatStore, "quietGuests" | "forgetGuests">
  readonly people: Pick<People, "touch" | "forget">
  readonly clock: Clock
  /** Guests who have not been here for this long are forgotten. */
  readonly forgetGuestsAfterMs: number
  readonly isConnected: (userId: string) => boolean
}

/**
 * Forgets guests who came, left nothing but a name, and have long been away: anybody makes as many of them as he likes.
 * Those whom the site calls guests are the site's: they are as many as it makes, and their visits are not noted.
 *
 * Nobody is told. A number of members that is on somebody's screen is right again when it is next asked for.
 */
export class QuietGuests {
  readonly #parts: QuietGuestsParts
  #after: string | undefined

  constructor(parts: QuietGuestsParts) {
    this.#parts = parts
  }

  /** @returns how many were forgotten. @throws SkeinError `storage_unavailable` … */
  async sweep(): Promise<number> {
    let forgotten = 0
    for (let calls = 0; calls < MAX_CALLS; calls++) {
      forgotten += await this.#sweepSome()
      if (this.#after === undefined) break
    }
    return forgotten
  }

  async #sweepSome(): Promise<number> {
    const { store, people, clock, forgetGuestsAfterMs, isConnected } = this.#parts
    // Of the visits within an interval the first one is noted: the last may have been as much later.
    const seenBeforeMs = clock.nowMs() - forgetGuestsAfterMs - TOUCH_INTERVAL_MS
    const after = this.#after === undefined ? {} : { after: this.#after }
    const { ids, next } = await store.quietGuests({ seenBeforeMs, limit: AT_A_TIME, ...after })
    this.#after = next
    const ours = ids.filter(isGuestId)
    // A connection may last for months without a word.
    for (const id of ours.filter(isConnected)) await people.touch(id)
    const gone = ours.filter((id) => !isConnected(id))
    if (gone.length === 0) return 0
    const { forgotten } = await store.forgetGuests({ ids: gone, seenBeforeMs })
    for (const id of forgotten) people.forget(id)
    return forgotten.length
  }
}
