const UNITS_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** Milliseconds of "250ms", "10s", "5m", "24h" or "7d"; undefined when it is none of these. */
export function parseDurationMs(text: string): number | undefined {
  const match = /^(\d{1,12})(ms|s|m|h|d)$/.exec(text.trim())
  if (!match) return undefined
  return Number(match[1]) * UNITS_MS[match[2] as keyof typeof UNITS_MS]
}

/** The shortest exact way to write it: 86_400_000 is "1d", 1_500 is "1500ms". */
export function formatDurationMs(ms: number): string {
  if (ms === 0) return "0s"
  const unit = (["d", "h", "m", "s"] as const).find((name) => ms % UNITS_MS[name] === 0) ?? "ms"
  return `${ms / UNITS_MS[unit]}${unit}`
}
