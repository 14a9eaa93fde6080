import type { Page } from "../contract.ts"
import { drain, heard, lastSeq, mergeRows, type Row, rewindTo, type Thread } from "./thread.ts"

/** Where a page belongs: the newest, next to the rows held, inside a gap, or around a place of its own. */
export type PageKind = "newest" | "before" | "after" | "around"

const rowsOf = (page: Page): Row[] => page.messages.map((message) => ({ message, asOf: page.chg_head }))

/** True when the page touches or overlaps the rows held, so that joining them makes no new hole. */
function touches(thread: Thread, rows: readonly Row[]): boolean {
  const first = rows[0]?.message.seq
  const last = rows.at(-1)?.message.seq
  if (first === undefined || last === undefined) return false
  return thread.rows.some(({ message }) => message.seq >= first - 1 && message.seq <= last + 1)
}

/**
 * Joins a page of history to the window, or makes it the window. A page that fits nowhere any more is dropped.
 * `edge` is the seq a page "before" was asked for.
 */
export function applyPage(before: Thread, page: Page, kind: PageKind, edge = 0): Thread {
  const rows = rowsOf(page)
  const joins = touches(before, rows)
  if (before.loaded && !joins && (kind === "before" || kind === "after")) {
    const nothingOlder = kind === "before" && rows.length === 0 && before.rows[0]?.message.seq === edge
    return nothingOlder ? { ...before, hasBefore: page.has_before } : before
  }
  const placed = joins && kind !== "around" ? joinPage(before, page, rows) : replaceBy(before, page, rows, kind)
  return drain(followHead(rewindOrKeep(placed, page), page)).thread
}

function joinPage(thread: Thread, page: Page, incoming: readonly Row[]): Thread {
  const rows = mergeRows(thread.rows, incoming)
  const reachesTop = rows[0]?.message.seq === incoming[0]?.message.seq
  return { ...thread, rows, loaded: true, hasBefore: reachesTop ? page.has_before : thread.hasBefore }
}

function replaceBy(thread: Thread, page: Page, rows: readonly Row[], kind: PageKind): Thread {
  // A newest page older than what was counted meanwhile: step back, the catch-up brings the rest.
  const seqHead = kind === "newest" ? Math.min(thread.seqHead, page.seq_head) : thread.seqHead
  return { ...thread, rows, seqHead, chgHead: page.chg_head, loaded: true, hasBefore: page.has_before }
}

const rewindOrKeep = (thread: Thread, page: Page): Thread =>
  rewindTo(heard(thread, page.seq_head, page.chg_head), page.chg_head)

/** A page that ends at the head brings the window there too. */
function followHead(thread: Thread, page: Page): Thread {
  if (page.has_after || page.seq_head <= thread.seqHead || lastSeq(thread) !== page.seq_head) return thread
  return { ...thread, seqHead: page.seq_head }
}

/** Keeps at most `max` rows, giving up those farthest from the reader. */
export function trim(thread: Thread, keep: "start" | "end", max: number): Thread {
  if (thread.rows.length <= max) return thread
  if (keep === "start") return { ...thread, rows: thread.rows.slice(0, max) }
  return { ...thread, rows: thread.rows.slice(-max), hasBefore: true }
}
