const FIRST_MS = 1_000
const MAX_MS = 60_000

/** How long to wait after so many failures in a row, with up to a fifth more so that not all come back at once. */
export function backoffMs(failures: number, random: () => number): number {
  const base = Math.min(MAX_MS, FIRST_MS * 2 ** Math.min(failures - 1, 10))
  return Math.round(base * (1 + random() / 5))
}
