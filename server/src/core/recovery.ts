import type { AnswerRoom } from "./answer-room.ts"
import type { HistoryPage } from "./log.ts"
import type { Position, Publication } from "./publication.ts"

/** What a subscriber is told about its position, and the publications it missed. */
export interface RecoveryOutcome {
  readonly recovered: boolean
  /** The client's own position when recovered (it walks forward through the publications), otherwise the top. */
  readonly position: Position
  readonly publications: readonly Publication[]
  /** Where the subscriber stands after all of that. */
  readonly standing: number
}

/**
 * Decides a recovery: all that was missed, or none of it (promise P3). Centrifuge protocol, recovery, stream mode.
 *
 * @param read - kept publications after `since`, and the top
 * @param meanwhile - publications delivered on this node since before `read` was asked for, in order
 * @param room - what there is room for in the answer; more than that is as good as not kept
 * @returns undefined when `meanwhile` leaves a gap behind `read`: nobody can say what lies in it, so ask again
 */
export function recover(
  since: Position | undefined,
  read: HistoryPage,
  meanwhile: readonly Publication[],
  room: Pick<AnswerRoom, "takeAll">,
): RecoveryOutcome | undefined {
  const later = continueFrom(read.top.offset, meanwhile)
  if (later === undefined) return undefined
  const standing = read.top.offset + later.length
  const top = { epoch: read.top.epoch, offset: standing }
  if (since === undefined) return { recovered: false, position: top, publications: [], standing }
  const sameHistory = since.epoch === "" || since.epoch === read.top.epoch
  const missed = [...read.publications, ...later]
  if (!sameHistory || !isComplete(since.offset, read) || !room.takeAll(missed)) {
    return { recovered: false, position: top, publications: [], standing }
  }
  return {
    recovered: true,
    position: { epoch: read.top.epoch, offset: since.offset },
    publications: missed,
    standing,
  }
}

/** True when the page is everything between `sinceOffset` and the top. */
function isComplete(sinceOffset: number, { publications, top }: HistoryPage): boolean {
  const first = publications[0]
  const last = publications[publications.length - 1]
  if (first === undefined || last === undefined) return top.offset === sinceOffset
  return first.offset === sinceOffset + 1 && last.offset === top.offset
}

/** The part of `delivered` above `offset`; undefined when it does not follow without a hole. */
function continueFrom(offset: number, delivered: readonly Publication[]): Publication[] | undefined {
  const later: Publication[] = []
  for (const publication of delivered) {
    if (publication.offset === undefined || publication.offset <= offset) continue
    if (publication.offset !== offset + later.length + 1) return undefined
    later.push(publication)
  }
  return later
}
