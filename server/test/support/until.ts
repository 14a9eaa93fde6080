/**
 * What is promised within a second, and what a busy machine adds to it: turns of the server, of PHP and of the test
 * itself. The second itself is held against a clock of its own (auth/php/watcher.test.ts).
 */
export const ABOUT_A_SECOND_MS = 3_000

/** Waits for a thing, not for a time. @throws Error that says what never happened */
export async function until<T>(
  look: () => T | Promise<T>,
  what: string,
  deadlineMs = 10_000,
): Promise<Exclude<Awaited<T>, false | undefined | null>> {
  const end = performance.now() + deadlineMs
  for (;;) {
    const seen = await look()
    if (seen !== false && seen !== undefined && seen !== null) return seen as never
    if (performance.now() > end) throw new Error(`never happened in ${deadlineMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
