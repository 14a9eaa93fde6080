/** Bounds of the embedded broker. None is for the operator to tune before measuring. */
export interface EmbeddedLimits {
  /** Publications accepted and not yet stored; beyond it a publish is refused with `limit_exceeded`. */
  readonly queueCount: number
  /** Their payload bytes. */
  readonly queueBytes: number
  /** A publish or read that the log has not answered by then is refused with `storage_unavailable`. */
  readonly answerDeadlineMs: number
  /** Publications of one channel kept in memory besides the log. */
  readonly ringCount: number
  /** Their payload bytes, per channel. */
  readonly ringBytes: number
  /** Payload bytes of all rings together; beyond it the channels longest unused lose theirs. */
  readonly ringsBytes: number
  /** Channels with an epoch and position in memory; beyond it the longest unused are forgotten (durable: until next used). */
  readonly channels: number
  /** One page of history ends after this many payload bytes. */
  readonly pageBytes: number
  /** Pages read from disk at a time; the others wait, at most for `answerDeadlineMs`. */
  readonly pagesAtOnce: number
  /** Payload bytes of all memory-only histories together. */
  readonly memoryBytes: number
  /** Idempotency keys remembered for publications that are not in the log. */
  readonly memoryKeys: number
}

const MIB = 1024 * 1024

export const DEFAULT_LIMITS: EmbeddedLimits = {
  queueCount: 100_000,
  queueBytes: 64 * MIB,
  answerDeadlineMs: 10_000,
  ringCount: 512,
  ringBytes: MIB,
  ringsBytes: 64 * MIB,
  channels: 100_000,
  pageBytes: 16 * MIB,
  pagesAtOnce: 16,
  memoryBytes: 64 * MIB,
  memoryKeys: 100_000,
}
