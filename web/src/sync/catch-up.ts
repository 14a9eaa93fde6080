import type { CatchUpEntry } from "../contract.ts"
import {
  applyStep,
  drain,
  emptyThread,
  heard,
  isAttached,
  mergeRows,
  type Row,
  rewindTo,
  type Thread,
} from "./thread.ts"

/** The heads sent with the question; the answer is everything above them. */
export interface Asked {
  readonly seq: number
  readonly chg: number
}

/**
 * Applies the answer to "what did I miss since `asked`?".
 *
 * The answer is believed only as far as it can be checked: by counting, not by its word. When messages are
 * missing from it the rows get a hole, which is drawn as a gap. When changes are missing from it, rows that
 * may have changed are dropped and have to be loaded again.
 */
export function applyCatchUp(before: Thread, entry: CatchUpEntry, asked: Asked): Thread {
  // Less than we had: the server's data were put back to an older state, nothing held is trustworthy.
  if (entry.seq_head < asked.seq || entry.chg_head < asked.chg) return emptyThread(entry.seq_head, entry.chg_head)
  const heardOf = heard(before, entry.seq_head, entry.chg_head)
  return drain(applyMessages(applyChanges(heardOf, entry, asked), entry, asked)).thread
}

function applyChanges(before: Thread, entry: CatchUpEntry, asked: Asked): Thread {
  let thread = before
  for (const change of entry.changes) thread = applyStep(thread, { kind: "change", change }).thread
  const complete = entry.changes.length === entry.chg_head - asked.chg
  if (complete || thread.chgHead >= entry.chg_head) return thread
  const rows = thread.rows.filter((row) => row.asOf >= entry.chg_head)
  return { ...thread, rows, chgHead: entry.chg_head, loaded: rows.length > 0, hasBefore: true }
}

function applyMessages(before: Thread, entry: CatchUpEntry, asked: Asked): Thread {
  if (entry.messages.length === entry.seq_head - asked.seq) {
    let thread = before
    for (const message of entry.messages) {
      thread = applyStep(thread, { kind: "message", message, asOf: entry.chg_head }).thread
    }
    return thread
  }
  if (entry.seq_head <= before.seqHead) return before
  const seqHead = entry.seq_head
  const newest = entry.messages.at(-1)?.seq ?? 0
  // Without the newest page there is nothing to attach to: leave the window where it is, detached.
  if (!isAttached(before) || newest !== seqHead) return { ...before, seqHead }
  const incoming: Row[] = entry.messages.map((message) => ({ message, asOf: entry.chg_head }))
  const hasBefore = before.rows.length > 0 ? before.hasBefore : true
  return rewindTo({ ...before, rows: mergeRows(before.rows, incoming), seqHead, hasBefore }, entry.chg_head)
}
