import type { Change, Message } from "../contract.ts"

/** One message as the client holds it. */
export interface Row {
  readonly message: Message
  /** The conversation's change head when this copy was read; older changes are already in it. */
  readonly asOf: number
}

/** Something with a number: it may be applied only as the next one. */
export type Step =
  | { readonly kind: "message"; readonly message: Message; readonly asOf: number }
  | { readonly kind: "change"; readonly change: Change }

/**
 * What the client knows of one conversation's log.
 *
 * Sequence numbers have no holes, so a hole between two neighbouring rows *is* a gap: it cannot be
 * forgotten, because nothing has to be remembered for it. `ui/list/items.ts` draws it.
 */
export interface Thread {
  /** Sorted by seq, each once. A window of the log, not necessarily its newest part. */
  readonly rows: readonly Row[]
  /** Every message up to here was applied, or lies outside the window on purpose. */
  readonly seqHead: number
  /** Every change up to here is in the rows. */
  readonly chgHead: number
  /** The highest numbers heard of. Above the heads: something is missing and has to be asked for. */
  readonly seqKnown: number
  readonly chgKnown: number
  /** Steps that came before their turn. */
  readonly early: readonly Step[]
  /** False until a first page was loaded. */
  readonly loaded: boolean
  /** Whether older messages exist above the first row. */
  readonly hasBefore: boolean
}

const MAX_EARLY = 500

export function emptyThread(seqHead: number, chgHead: number): Thread {
  return {
    rows: [],
    seqHead,
    chgHead,
    seqKnown: seqHead,
    chgKnown: chgHead,
    early: [],
    loaded: false,
    hasBefore: seqHead > 0,
  }
}

export const lastSeq = (thread: Thread): number => thread.rows.at(-1)?.message.seq ?? 0

/** True when the window ends at the newest message: new ones are then appended, otherwise only counted. */
export const isAttached = (thread: Thread): boolean => thread.loaded && lastSeq(thread) === thread.seqHead

export const isBehind = (thread: Thread): boolean =>
  thread.seqKnown > thread.seqHead || thread.chgKnown > thread.chgHead

/** Somebody mentioned these heads; if they are ahead of ours we are behind. */
export function heard(thread: Thread, seq: number, chg: number): Thread {
  if (seq <= thread.seqKnown && chg <= thread.chgKnown) return thread
  return { ...thread, seqKnown: Math.max(thread.seqKnown, seq), chgKnown: Math.max(thread.chgKnown, chg) }
}

/**
 * A guest is a member now, in all he said. Where he spoke this is change number `chg`, and rows of his prove that he did;
 * without any, `chg` may be the number of another change that was missed, and is not taken for this one.
 */
export function merged(thread: Thread, from: string, to: string, chg: number): Thread {
  const rows = thread.rows.map((row) =>
    row.message.sender_id === from ? { ...row, message: { ...row.message, sender_id: to } } : row,
  )
  const counted = thread.rows.some((row) => row.message.sender_id === from) && chg === thread.chgHead + 1
  return { ...thread, rows, chgHead: counted ? chg : thread.chgHead }
}

/** Joins two sets of rows; of two copies of one message the later read wins. */
export function mergeRows(held: readonly Row[], incoming: readonly Row[]): Row[] {
  const bySeq = new Map(held.map((row) => [row.message.seq, row]))
  for (const row of incoming) {
    const old = bySeq.get(row.message.seq)
    if (!old || row.asOf >= old.asOf) bySeq.set(row.message.seq, row)
  }
  return [...bySeq.values()].sort((a, b) => a.message.seq - b.message.seq)
}

/** Rows read before changes we already passed: step back, so that those changes are asked for again. */
export const rewindTo = (thread: Thread, asOf: number): Thread =>
  asOf < thread.chgHead ? { ...thread, chgHead: asOf } : thread

const numberOf = (step: Step): number => (step.kind === "message" ? step.message.seq : step.change.chg)

const isNext = (thread: Thread, step: Step): boolean =>
  numberOf(step) === (step.kind === "message" ? thread.seqHead : thread.chgHead) + 1

const isPast = (thread: Thread, step: Step): boolean =>
  numberOf(step) <= (step.kind === "message" ? thread.seqHead : thread.chgHead)

function take(thread: Thread, step: Step): Thread {
  if (step.kind === "change") return takeChange(thread, step.change)
  const seqHead = step.message.seq
  if (!isAttached(thread)) return { ...thread, seqHead }
  const rows = [...thread.rows, { message: step.message, asOf: step.asOf }]
  return rewindTo({ ...thread, rows, seqHead }, step.asOf)
}

function takeChange(thread: Thread, change: Change): Thread {
  const next = { ...thread, chgHead: change.chg }
  const at = thread.rows.findIndex((row) => row.message.seq === change.seq)
  const row = thread.rows[at]
  if (!row || row.asOf >= change.chg) return next
  return { ...next, rows: thread.rows.with(at, { message: change.message, asOf: change.chg }) }
}

/** What a step did: the thread after it, and the steps that took effect, in order. */
export interface Applied {
  readonly thread: Thread
  readonly applied: readonly Step[]
}

/** Applies a step if it is the next, keeps it if it is early, drops it if it is past; then all that waited for it. */
export function applyStep(before: Thread, step: Step): Applied {
  const known =
    step.kind === "message"
      ? heard(before, step.message.seq, step.asOf)
      : heard(before, before.seqKnown, numberOf(step))
  if (isPast(known, step)) return { thread: known, applied: [] }
  if (!isNext(known, step)) return { thread: keepEarly(known, step), applied: [] }
  return drain(take(known, step), [step])
}

function keepEarly(thread: Thread, step: Step): Thread {
  const twice = thread.early.some((other) => other.kind === step.kind && numberOf(other) === numberOf(step))
  if (twice) return thread
  return { ...thread, early: [...thread.early, step].slice(-MAX_EARLY) }
}

/** Applies every kept step whose turn has come. */
export function drain(start: Thread, done: readonly Step[] = []): Applied {
  let thread = start
  const applied = [...done]
  for (;;) {
    const current = thread
    const next = current.early.find((step) => isNext(current, step))
    if (!next) break
    thread = take(current, next)
    applied.push(next)
  }
  const early = thread.early.filter((step) => !isPast(thread, step))
  return { thread: early.length === thread.early.length ? thread : { ...thread, early }, applied }
}
