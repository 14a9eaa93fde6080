/** Waiting time before attempt number `attempt` (from 0): full jitter, from half a second up to 30 seconds. */
export function reconnectDelayMs(attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(30_000, 500 * 2 ** Math.min(attempt, 10))
  return Math.round(Math.min(500, ceiling) / 2 + random() * ceiling)
}
