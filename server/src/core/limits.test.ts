import { expect, test } from "bun:test"
import { RateLimit } from "./limits.ts"

const HOUR_MS = 3_600_000

test("a rate lets a burst through and then as many as it says", () => {
  const limit = new RateLimit(10, 3, HOUR_MS)
  const taken = (nowMs: number) => [1, 2, 3, 4].filter(() => limit.take(nowMs)).length
  expect(taken(HOUR_MS)).toBe(3)
  expect(limit.retryAfterMs()).toBe(100)
  expect(taken(HOUR_MS + 100)).toBe(1)
  expect(limit.isFull(HOUR_MS + 399)).toBe(false)
  expect(limit.isFull(HOUR_MS + 400)).toBe(true)
})

test("a clock that is put back refuses nobody for that", () => {
  const limit = new RateLimit(10, 3, HOUR_MS)
  expect(limit.take(HOUR_MS)).toBe(true)
  expect([limit.take(0), limit.take(0), limit.take(0)]).toEqual([true, true, false])
  expect(limit.retryAfterMs()).toBe(100)
  expect(limit.take(100)).toBe(true)
})
