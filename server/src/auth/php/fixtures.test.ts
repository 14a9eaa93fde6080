import { describe, expect, test } from "bun:test"
import { PhpSessions } from "./sessions.ts"
import { stoppedClock } from "./testing/clock.ts"
import { FIXTURES, type Fixture, formatOf, storeOf } from "./testing/fixtures.ts"
import { toNotation } from "./testing/notation.ts"

function sessionsOf(fixture: Fixture) {
  const clock = stoppedClock((fixture.evaluate_at ?? fixture.mtime ?? 0) * 1_000)
  const store = storeOf(fixture)
  return {
    store,
    sessions: new PhpSessions({ format: formatOf(fixture), store, paths: { user: [fixture.user_path] } }, clock),
  }
}

const NOTHING_READABLE = ["no_cookie", "not_a_session_id", "session_gone", "session_expired", "unreadable"]

describe("sessions that PHP wrote", () => {
  test("there are all of them", () => expect(FIXTURES.length).toBe(133))

  for (const fixture of FIXTURES) {
    test(fixture.name, async () => {
      const { sessions, store } = sessionsOf(fixture)
      const who = await sessions.whoIs(fixture.cookie_header)
      if (fixture.expect === "accept") {
        expect(who).toMatchObject({ kind: "known", person: { userId: String(fixture.expected_user_id) } })
      } else if (fixture.expect === "anonymous") {
        expect(who).toMatchObject({ kind: "nobody", reason: "not_logged_in" })
      } else {
        expect(who.kind).toBe("nobody")
        if (who.kind === "nobody") expect(NOTHING_READABLE).toContain(who.reason)
      }
      for (const key of store.asked) expect(key).toBe(store.asked[0] ?? "")
    })
  }
})

describe("sessions that PHP wrote, the whole of their data", () => {
  for (const fixture of FIXTURES.filter(({ expected_data: data }) => data !== undefined)) {
    test(fixture.name, async () => {
      const { sessions } = sessionsOf(fixture)
      const opened = await sessions.open(fixture.cookie_header)
      if (opened.kind !== "opened") throw new Error(opened.why)
      const found = toNotation(opened.data)
      // The whole of a session is always written as an object, an empty one sometimes as a list.
      const isEmpty = Array.isArray(found) && found.length === 0
      expect(JSON.stringify(isEmpty ? {} : found)).toBe(
        JSON.stringify(Array.isArray(fixture.expected_data) ? {} : fixture.expected_data),
      )
    })
  }
})

test("a cookie that is no session id never reaches the store", async () => {
  const fixture = FIXTURES.find(({ name }) => name === "broken-native-id-traversal")
  if (!fixture) throw new Error("the fixture is gone")
  const { sessions, store } = sessionsOf(fixture)
  await sessions.whoIs(fixture.cookie_header)
  expect(store.asked).toEqual([])
})
