/** What the server has counted, and the heads it had counted up to. */
export interface Counts {
  readonly unread: number
  /** Of the unread, those that name me. */
  readonly mentions: number
  readonly seq: number
  readonly chg: number
}

interface Told {
  /** The message it is about. */
  readonly seq: number
  readonly by: 1 | -1
  /** Unknown of a deletion whose message was never seen. */
  readonly namesMe: boolean
  /** The head that grew with it. */
  readonly head: "seq" | "chg"
  readonly at: number
}

/** More than these are not kept: by then the number shown has long been the cap. */
const MAX_TOLD = 300

/**
 * How many messages of a conversation are unread: the server's last count, and what was told beyond its heads.
 *
 * Counts and pushes come by different ways and in any order; by the heads each message and each deletion is counted
 * exactly once, so that all devices of a person show the same number.
 */
export class Tally {
  private readonly told = new Map<string, Told>()
  private base: Counts

  constructor(
    base: Counts,
    private readonly cap: number,
  ) {
    this.base = base
  }

  /** What is kept beyond the server's last count. */
  get size(): number {
    return this.told.size
  }

  /** Somebody else said something. Telling it twice is telling it once. */
  said(seq: number, namesMe: boolean): void {
    this.add({ seq, by: 1, namesMe, head: "seq", at: seq })
  }

  /** What somebody else had said was deleted. */
  deleted(seq: number, chg: number): void {
    const namesMe = this.told.get(`seq ${seq}`)?.namesMe ?? false
    this.add({ seq, by: -1, namesMe, head: "chg", at: chg })
  }

  /** The server has counted again. An older count than the last is nothing new. */
  counted(counts: Counts): void {
    if (counts.seq + counts.chg < this.base.seq + this.base.chg) return
    this.base = counts
    for (const [key, { head, at }] of this.told) if (at <= counts[head]) this.told.delete(key)
  }

  /** @param readSeq - how far I have read by what the server has said last */
  totals(readSeq: number): { unread: number; mentions: number } {
    let { unread, mentions } = this.base
    // From the cap on nobody knows how many there are.
    const known = unread < this.cap
    for (const { seq, by, namesMe } of this.told.values()) {
      if (seq <= readSeq) continue
      if (known || by > 0) unread += by
      if (namesMe) mentions += by
    }
    unread = Math.max(0, Math.min(this.cap, unread))
    return { unread, mentions: Math.max(0, Math.min(unread, mentions)) }
  }

  private add(told: Told): void {
    if (told.at <= this.base[told.head]) return
    this.told.set(`${told.head} ${told.at}`, told)
    if (this.told.size > MAX_TOLD) for (const oldest of this.told.keys()) return void this.told.delete(oldest)
  }
}
