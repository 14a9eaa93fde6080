import { AnswerRoom } from "./answer-room.ts"
import { getOrAdd } from "./collections.ts"
import type { SubscribeRequest, SubscribeResult, Subscription } from "./connection.ts"
import { SkeinError } from "./errors.ts"
import type { ChannelLimits } from "./limits.ts"
import type { HistoryPage, HistoryQuery, PublicationLog } from "./log.ts"
import type { Position, Publication } from "./publication.ts"
import { type RecoveryOutcome, recover } from "./recovery.ts"
import type { ChannelRule } from "./rules.ts"

/** Reads that raced a storm of publications this often give up: something is wrong with the broker. */
const MAX_READS = 5

/** What bounds a recovery, which is not cut: beyond it, it is refused. */
type RecoveryLimits = Pick<ChannelLimits, "maxHistoryPage" | "maxOutboundBytes">

/** Somebody who reads a channel's history before joining. */
interface Reader {
  delivered(publication: Publication): void
  /** The history restarted: what was read and heard of it is void. */
  restarted(): void
}

/** Who reads history before joining, by channel. */
export class JoinReaders {
  readonly #readers = new Map<string, Set<Reader>>()

  delivered(channel: string, publication: Publication): void {
    const readers = this.#readers.get(channel)
    if (readers) for (const reader of readers) reader.delivered(publication)
  }

  restarted(channel: string): void {
    for (const reader of this.#readers.get(channel) ?? []) reader.restarted()
  }

  /** @returns removes it */
  add(channel: string, reader: Reader): () => void {
    const readers = getOrAdd(this.#readers, channel, () => new Set<Reader>())
    readers.add(reader)
    return () => {
      readers.delete(reader)
      if (readers.size === 0 && this.#readers.get(channel) === readers) this.#readers.delete(channel)
    }
  }
}

/** One channel that a connection is about to hold. */
export class Joining implements Reader {
  readonly channel: string
  readonly rule: ChannelRule
  readonly request: SubscribeRequest
  readonly #since: Position | undefined
  readonly #stopHearing: () => void
  #meanwhile: Publication[] = []
  #restarts = 0
  #read: HistoryPage | undefined
  #outcome: RecoveryOutcome | undefined

  constructor(channel: string, rule: ChannelRule, request: SubscribeRequest, readers: JoinReaders) {
    this.channel = channel
    this.rule = rule
    this.request = request
    this.#since = rule.recovery ? request.recover : undefined
    this.#stopHearing = this.#hasHistory ? readers.add(channel, this) : () => undefined
  }

  /** Call exactly once, whatever happened. */
  end(): void {
    this.#stopHearing()
  }

  delivered(publication: Publication): void {
    this.#meanwhile.push(publication)
  }

  restarted(): void {
    this.#restarts++
    this.#read = undefined
    this.#meanwhile = []
  }

  async read(log: PublicationLog, limits: RecoveryLimits): Promise<void> {
    if (!this.#hasHistory || this.#read) return
    const restarts = this.#restarts
    const read = await log.history(this.channel, this.rule, this.#query(limits))
    if (restarts === this.#restarts) this.#read = read
  }

  /**
   * Settles what the subscriber is told, as of this very moment: join in the same synchronous step.
   * @param room - what the answer that this is part of may have
   * @returns false when history has to be read again
   * @throws SkeinError `unrecoverable_position` when the client wants that instead of an answer
   */
  settle(room: AnswerRoom): boolean {
    if (!this.#hasHistory) return true
    this.#outcome = this.#read && recover(this.#since, this.#read, this.#meanwhile, room)
    if (this.#outcome && !this.#outcome.recovered && this.request.newest)
      this.#outcome = withNewest(this.#outcome, this.#read, this.#meanwhile)
    if (!this.#outcome) {
      this.#read = undefined
      return false
    }
    if (this.#since && !this.#outcome.recovered && this.request.rejectUnrecovered)
      throw new SkeinError("unrecoverable_position")
    return true
  }

  get result(): SubscribeResult {
    const outcome = this.#outcome
    const { token, recover: asked } = this.request
    return {
      channel: this.channel,
      recoverable: this.#hasHistory && this.rule.recovery,
      positioned: this.#hasHistory,
      wasRecovering: this.#hasHistory && this.rule.recovery && asked !== undefined,
      recovered: outcome?.recovered ?? false,
      publications: outcome?.publications ?? [],
      ...(outcome === undefined ? {} : { position: outcome.position }),
      ...(token?.expiresAtMs === undefined ? {} : { expiresAtMs: token.expiresAtMs }),
      ...(token?.data === undefined ? {} : { data: token.data }),
    }
  }

  get subscription(): Subscription {
    const { token, joinLeave, serverSide } = this.request
    const chanInfo = token?.info ?? this.request.chanInfo
    return {
      channel: this.channel,
      joinLeave: this.rule.joinLeave && joinLeave === true,
      serverSide: serverSide === true,
      ...(chanInfo === undefined ? {} : { chanInfo }),
      ...(token?.userId === undefined ? {} : { userId: token.userId }),
      ...(token?.expiresAtMs === undefined ? {} : { expiresAtMs: token.expiresAtMs }),
    }
  }

  get #hasHistory(): boolean {
    return this.rule.historySize > 0
  }

  #query({ maxHistoryPage, maxOutboundBytes }: RecoveryLimits): HistoryQuery {
    if (this.#since)
      return { since: this.#since, limit: maxHistoryPage, maxBytes: AnswerRoom.readBytes(maxOutboundBytes) }
    return this.request.newest ? { limit: 1, reverse: true } : { limit: 0 }
  }
}

/** What a subscriber of a cache channel starts with: of what was kept and what came meanwhile, the last. */
function withNewest(
  outcome: RecoveryOutcome,
  read: HistoryPage | undefined,
  meanwhile: readonly Publication[],
): RecoveryOutcome {
  const newest = [...(read?.publications ?? []), ...meanwhile].findLast(({ offset }) => offset !== undefined)
  // A page that was asked for to recover by may end before the top.
  return newest?.offset === outcome.standing ? { ...outcome, publications: [newest] } : outcome
}

/**
 * Reads what each of `joinings` needs until all can be told the truth of one and the same moment,
 * and calls `join` in that moment: after an await, even of nothing, more could have been delivered.
 *
 * @throws SkeinError `unrecoverable_position`; `internal` when the broker's pages keep having holes
 */
export async function settleAll(
  joinings: readonly Joining[],
  log: PublicationLog,
  limits: RecoveryLimits,
  join: () => void,
): Promise<void> {
  for (let reads = 0; reads < MAX_READS; reads++) {
    await Promise.all(joinings.map((joining) => joining.read(log, limits)))
    const room = new AnswerRoom(limits.maxOutboundBytes)
    if (joinings.map((joining) => joining.settle(room)).every(Boolean)) return join()
  }
  const names = joinings.map(({ channel }) => channel).join(", ")
  throw new SkeinError("internal", `history of ${names} kept having holes after ${MAX_READS} reads`)
}
