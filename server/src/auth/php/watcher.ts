import type { Clock } from "../../core/clock.ts"
import type { PhpSessions } from "./sessions.ts"
import type { SessionStore } from "./store.ts"
import { reasonOf } from "./stores/outage.ts"

/** Which sessions are watched, how often, and what is done when one has ended. */
export interface WatcherOptions {
  readonly sessions: Pick<PhpSessions, "personAt">
  readonly store: SessionStore
  readonly clock: Clock
  /** Each session with open connections is looked at this often. */
  readonly recheckIntervalMs: number
  /** More than this are never read in a second: with more sessions each is looked at less often. */
  readonly maxRechecksPerSecond: number
  /** `sessionId` of every connection that is open now. Asked every few seconds. */
  readonly openSessions: () => { has(sessionId: string): boolean }
  /** Closes the connections made with a session, so that their clients come back and are asked anew. */
  readonly end: (sessionId: string) => void
  /** What tokens made from a session call it; itself, when absent. */
  readonly markOf?: (sessionId: string) => string
  readonly log: (text: string) => void
}

interface Watched {
  readonly sessionId: string
  readonly key: string
  readonly userId: string
  /** When it was last used to connect. */
  seenAtMs: number
  checkedAtMs: number
  stop?: () => void
}

const TURN_MS = 100
const PRUNE_MS = 5_000
/** From handshake to registered connection. */
const OPENING_MS = 60_000
/** A connection that was being made while its session ended is registered by then, and is closed too. */
const LATE_MS = [1_000, 10_000] as const
/** A store that announces changes is still read now and then: an announcement can get lost. */
const ANNOUNCED_RECHECK_MS = 10_000
const READS_AT_ONCE = 64

/**
 * Notices that a session with open connections is gone, or is another user's, and ends those connections.
 *
 * Neither PHP nor any framework announces a logout, so the sessions are read again; where the store tells of changes
 * (Redis with keyspace events) they are read at once when it does.
 */
export class SessionWatcher {
  readonly #options: WatcherOptions
  /** By `sessionId`; the one looked at longest ago comes first. */
  readonly #watched = new Map<string, Watched>()
  /** The same, by `markOf`. */
  readonly #marks = new Map<string, Watched>()
  #prunedAtMs = 0
  #isTurning = false
  #isStoreDown = false

  constructor(options: WatcherOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#watched.size
  }

  /** Whether the end of this session would be noticed. @param mark - as `markOf` has it */
  watches(mark: string): boolean {
    return this.#marks.has(mark)
  }

  /** @returns what stops it */
  start(): () => void {
    const stop = this.#options.clock.every(TURN_MS, () => void this.turn())
    return () => {
      stop()
      for (const watched of [...this.#watched.values()]) this.#forget(watched)
    }
  }

  /** A connection is being made with this session. */
  add(session: { readonly sessionId: string; readonly key: string; readonly userId: string }): void {
    const nowMs = this.#options.clock.nowMs()
    const known = this.#watched.get(session.sessionId)
    if (known?.userId === session.userId) {
      known.seenAtMs = nowMs
      return
    }
    // Another user logged in within the same session: connections made before are not that user's.
    if (known) this.#end(known)
    const watched: Watched = { ...session, seenAtMs: nowMs, checkedAtMs: nowMs }
    const stop = this.#options.store.watch?.(session.key, () => void this.#check(watched))
    if (stop) watched.stop = stop
    this.#watched.set(session.sessionId, watched)
    this.#marks.set(this.#markOf(watched), watched)
  }

  /** Looks at the sessions whose time has come. One turn at a time: a slow store is not asked twice. */
  async turn(): Promise<void> {
    if (this.#isTurning || this.#watched.size === 0) return
    this.#isTurning = true
    try {
      this.#prune()
      const due = this.#due()
      for (let from = 0; from < due.length; from += READS_AT_ONCE)
        await Promise.all(due.slice(from, from + READS_AT_ONCE).map((watched) => this.#check(watched)))
    } finally {
      this.#isTurning = false
    }
  }

  #due(): Watched[] {
    const { clock, store, recheckIntervalMs, maxRechecksPerSecond } = this.#options
    const intervalMs = store.announces?.() ? Math.max(ANNOUNCED_RECHECK_MS, recheckIntervalMs) : recheckIntervalMs
    const latestMs = clock.nowMs() - intervalMs
    const most = Math.ceil((maxRechecksPerSecond * TURN_MS) / 1_000)
    const due: Watched[] = []
    for (const watched of this.#watched.values()) {
      if (watched.checkedAtMs > latestMs || due.length >= most) break
      due.push(watched)
    }
    return due
  }

  async #check(watched: Watched): Promise<void> {
    const { sessions, clock } = this.#options
    if (this.#watched.get(watched.sessionId) !== watched) return
    watched.checkedAtMs = clock.nowMs()
    this.#watched.delete(watched.sessionId)
    this.#watched.set(watched.sessionId, watched)
    try {
      const person = await sessions.personAt(watched.key)
      this.#storeAnswers()
      if (person?.userId !== watched.userId) this.#end(watched)
    } catch (error) {
      this.#storeFails(error)
    }
  }

  #end(watched: Watched): void {
    if (this.#watched.get(watched.sessionId) !== watched) return
    this.#forget(watched)
    const { end, clock } = this.#options
    end(watched.sessionId)
    for (const lateMs of LATE_MS)
      clock.after(lateMs, () => this.#watched.has(watched.sessionId) || end(watched.sessionId))
  }

  #forget(watched: Watched): void {
    watched.stop?.()
    this.#watched.delete(watched.sessionId)
    this.#marks.delete(this.#markOf(watched))
  }

  #markOf({ sessionId }: Watched): string {
    return this.#options.markOf?.(sessionId) ?? sessionId
  }

  /** Forgets the sessions nobody is connected with any more. */
  #prune(): void {
    const { clock, openSessions } = this.#options
    const nowMs = clock.nowMs()
    if (nowMs - this.#prunedAtMs < PRUNE_MS) return
    this.#prunedAtMs = nowMs
    const open = openSessions()
    for (const watched of [...this.#watched.values()])
      if (!open.has(watched.sessionId) && nowMs - watched.seenAtMs > OPENING_MS) this.#forget(watched)
  }

  /** While the store does not answer no connection is closed: an outage is not a logout. */
  #storeFails(error: unknown): void {
    if (this.#isStoreDown) return
    this.#isStoreDown = true
    this.#options.log(`logouts are not noticed for the moment: ${reasonOf(error)}`)
  }

  #storeAnswers(): void {
    if (this.#isStoreDown) this.#options.log("the sessions can be read again")
    this.#isStoreDown = false
  }
}
