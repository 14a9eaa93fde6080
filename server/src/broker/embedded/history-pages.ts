import type { HistoryQuery } from "../contract.ts"
import type { ChannelTable } from "./channel-table.ts"
import type { DurableChannel } from "./durable-channel.ts"
import { OP } from "./log-wire.ts"
import { type Kept, publicationBytes } from "./ring.ts"

/** One answer of the log process carries at most about this much of a page: parsing it must not hold up deliveries. */
const READ_CHUNK_BYTES = 512 * 1024
const READ_CHUNK_ROWS = 1_000

/** Both inclusive. */
export interface Range {
  readonly from: number
  readonly to: number
  readonly limit: number
  readonly reverse: boolean
}

/** The part of a range that one answer carries. */
export type Chunk = Range

/** What a query asks of a channel as it stands now: never beyond the last delivered. */
export function rangeOf(channel: DurableChannel, query: HistoryQuery): Range {
  const limit = query.limit < 0 ? Number.MAX_SAFE_INTEGER : whole(query.limit)
  const since = query.since === undefined ? undefined : whole(query.since.offset)
  if (query.reverse === true) {
    const to = since === undefined ? channel.delivered : Math.min(channel.delivered, since - 1)
    return { from: Math.max(channel.keptFrom, to - limit + 1), to, limit, reverse: true }
  }
  const from = since === undefined ? channel.keptFrom : Math.max(channel.keptFrom, since + 1)
  return { from, to: channel.delivered, limit, reverse: false }
}

/** Positions come from clients. NaN or Infinity would not survive JSON on the way to the log process, and end it. */
function whole(value: number): number {
  return Number.isNaN(value) ? 0 : Math.trunc(Math.max(0, Math.min(value, Number.MAX_SAFE_INTEGER - 1)))
}

/** Undefined when memory does not reach back far enough. */
export function pageFromRing(
  channel: DurableChannel,
  range: Range,
  nowMs: number,
  table: ChannelTable,
): Kept[] | undefined {
  const { ring } = channel
  if (ring === undefined || (range.from < ring.first && range.from <= range.to)) return undefined
  table.changeRing(channel, () => ring.dropOlderThan(nowMs - channel.historyTtlMs))
  if (!range.reverse) return ring.slice(range.from, Math.min(range.to, range.from + range.limit - 1))
  return ring.slice(Math.max(range.from, range.to - range.limit + 1), range.to).reverse()
}

/** A page in as many answers as it needs. It ends early after `maxBytes`, and may start later than asked; it has no hole. */
export async function pageFromLog(
  range: Range,
  maxBytes: number,
  read: (chunk: Chunk) => Promise<Kept[]>,
): Promise<Kept[]> {
  const page: Kept[] = []
  let { from, to } = range
  let bytes = 0
  while (page.length < range.limit && from <= to && bytes < maxBytes) {
    const publications = await read({ ...range, from, to, limit: range.limit - page.length })
    const [first] = publications
    if (first === undefined) break
    // What came before was trimmed while we read.
    if (!range.reverse && page.length > 0 && first.offset !== from) page.length = 0
    for (const publication of publications) {
      page.push(publication)
      bytes += publicationBytes(publication.data, publication.tags)
    }
    const last = publications.at(-1)?.offset ?? 0
    if (range.reverse) to = last - 1
    else from = last + 1
  }
  return page
}

/** The frame that asks the log process for a chunk. */
export function chunkRequest(handle: number, { from, to, limit, reverse }: Chunk): string {
  const count = Math.min(limit, READ_CHUNK_ROWS)
  return `[${OP.read},${handle},${from},${to},${count},${READ_CHUNK_BYTES},${reverse ? 1 : 0}]`
}
