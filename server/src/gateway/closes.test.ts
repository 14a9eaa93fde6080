import { expect, test } from "bun:test"
import { limitCounts } from "../core/limits.ts"
import { Closes } from "./closes.ts"
import { Overflow } from "./overflow.ts"

const ended = (code: number, { reason = "", ownCode }: { reason?: string; ownCode?: number } = {}) => ({
  code,
  reason,
  ownCode,
})

test("what a client makes up is one entry, whatever it makes up", () => {
  const closes = new Closes(new Overflow())
  for (let code = 3000; code < 5000; code++) closes.count(ended(code))
  closes.count(ended(1000))
  expect([...closes.counts]).toEqual([
    ["client", 2_000],
    [1000, 1],
  ])
})

test("a bound counts as met when we met it, not when a client says so", () => {
  const closes = new Closes(new Overflow())
  const met = () => limitCounts.get("limits.pong_timeout") ?? 0
  const before = met()
  closes.count(ended(3012))
  expect(met()).toBe(before)
  expect(closes.count(ended(3012, { ownCode: 3012 }))).toBe(3012)
  expect(met()).toBe(before + 1)
})

test("who is cut without a close frame counts under what it was cut for", () => {
  const overflow = new Overflow()
  const closes = new Closes(overflow)
  expect(closes.count(ended(1006, { ownCode: 3012 }))).toBe(3012)
  expect(closes.count(ended(1006, { reason: "Received too big message" }))).toBe(1009)
  expect(closes.count(ended(1006))).toBe(1006)
  overflow.note()
  expect(closes.count(ended(1006))).toBe(3008)
})
