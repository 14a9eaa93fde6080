import { expect, test } from "bun:test"
import { FakeClock } from "../../../core/testing/fake-clock.ts"
import { Failures } from "./failures.ts"

function failures() {
  const told: [string, number][] = []
  const clock = new FakeClock()
  const failures = new Failures(
    {
      info: () => undefined,
      warn: () => undefined,
      error: (fields) => {
        const { err, times } = fields as { err: Error; times: number }
        told.push([err.message, times])
      },
    },
    clock,
  )
  return { told, clock, note: (text: string) => failures.note(new Error(text)) }
}

test("an outage that ten thousand clients meet is told once a second, with how many they were", () => {
  const { told, clock, note } = failures()
  for (let client = 0; client < 10_000; client++) note("no sessions")
  note("no keys")
  expect(told).toEqual([
    ["no sessions", 1],
    ["no keys", 1],
  ])
  clock.advance(1_000)
  note("no sessions")
  expect(told.at(-1)).toEqual(["no sessions", 10_000])
})

test("texts that are never the same are bounded too", () => {
  const { told, clock, note } = failures()
  for (let n = 0; n < 1_000; n++) note(`failure ${n}`)
  expect(told.length).toBeLessThan(30)
  clock.advance(1_000)
  note("another")
  expect(told.at(-1)).toEqual(["another", 1])
})
