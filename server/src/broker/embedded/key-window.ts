const MIN_WINDOW_MS = 5 * 60_000

/** How long an idempotency key is remembered: as long as its publication is kept, and never for less than five minutes. */
export const keyWindowMs = (historyTtlMs: number): number => Math.max(historyTtlMs, MIN_WINDOW_MS)
