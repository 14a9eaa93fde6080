import { expect, test } from "bun:test"
import { PhpSessions } from "./sessions.ts"
import { stoppedClock } from "./testing/clock.ts"
import { FIXTURES, type Fixture, formatOf, storeOf } from "./testing/fixtures.ts"
import { mutate, randomFrom } from "./testing/mutate.ts"

/** More for a long hunt: `FUZZ_ROUNDS=20000 bun test fuzz`. A failing seed is printed and can be set again. */
const ROUNDS = Number(process.env.FUZZ_ROUNDS ?? 100)
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 32)
const MAX_CPU_MS_EACH = 1_000
const MAX_GROWTH_BYTES = 300 * 1024 * 1024

function withCookieOf(fixture: Fixture, random: () => number): string {
  return Buffer.from(mutate(Buffer.from(fixture.cookie_header, "latin1"), random)).toString("latin1")
}

/** Of this process, so that a busy machine makes no session look slow. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

test(`damaged sessions and cookies are somebody or nobody, quickly and in little memory (seed ${SEED})`, async () => {
  const random = randomFrom(SEED)
  const before = process.memoryUsage().rss
  for (const fixture of FIXTURES) {
    const clock = stoppedClock((fixture.evaluate_at ?? fixture.mtime ?? 0) * 1_000)
    const format = formatOf(fixture)
    const bytes = Buffer.from(fixture.value_base64 ?? "", "base64")
    for (let round = 0; round < ROUNDS; round++) {
      const damaged = mutate(bytes, random)
      const store = storeOf(fixture, Buffer.from(damaged))
      const header = round % 4 === 0 ? withCookieOf(fixture, random) : fixture.cookie_header
      const sessions = new PhpSessions({ format, store, paths: { user: [fixture.user_path] } }, clock)
      const startedMs = cpuMs()
      const who = await sessions.whoIs(header).catch((error: unknown) => {
        throw new Error(`${fixture.name}, seed ${SEED}, bytes ${Buffer.from(damaged).toString("base64")}`, {
          cause: error,
        })
      })
      expect(["known", "nobody"]).toContain(who.kind)
      expect(cpuMs() - startedMs).toBeLessThan(MAX_CPU_MS_EACH)
    }
  }
  expect(process.memoryUsage().rss - before).toBeLessThan(MAX_GROWTH_BYTES)
}, 600_000)
