/** One channel as the log process sees it: the rows are in the file, what every publish needs is here. */
export interface LogChannel {
  readonly id: number
  readonly name: string
  /** As the node sees it: the stored epoch and the era. */
  readonly epoch: string
  /** Newest offset given. */
  top: number
  /** Publications up to here are gone, though rows may still wait to be trimmed. */
  floor: number
  historySize: number
  historyTtlMs: number
  /** Times never run backwards within a channel: age is then a matter of offsets. */
  lastTimeMs: number
  usedMs: number
}

/** A row of the table `channels`. */
export interface ChannelRow {
  readonly id: number
  readonly name: string
  /** Without the era. */
  readonly epoch: string
  readonly floor: number
  readonly history_size: number
  readonly history_ttl_ms: number
  readonly used_ms: number
}

/** Offset below which nothing counts as kept, whatever rows there are. */
export function lowerBound(channel: LogChannel): number {
  return Math.max(channel.floor, channel.top - channel.historySize)
}

/** Rows that may lie beyond the bound before they are trimmed together: trimming each by itself doubles the work of writing. */
export function trimSlack(historySize: number): number {
  return Math.min(1_000, Math.max(16, historySize >> 2))
}
