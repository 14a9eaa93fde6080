import { expect, test } from "bun:test"
import { formatDurationMs, parseDurationMs } from "./duration.ts"

test("durations are read with their unit, and only so", () => {
  expect(["250ms", "10s", "5m", "24h", "7d", "0s", " 3s "].map(parseDurationMs)).toEqual([
    250, 10_000, 300_000, 86_400_000, 604_800_000, 0, 3_000,
  ])
  expect(["10", "1.5s", "-1s", "1 h", "", "s", "1w"].map(parseDurationMs)).toEqual(Array(7).fill(undefined))
})

test("a formatted duration reads back as the same number", () => {
  for (const ms of [0, 1, 999, 1_000, 1_500, 60_000, 90_000, 3_600_000, 86_400_000, 604_800_000])
    expect(parseDurationMs(formatDurationMs(ms))).toBe(ms)
  expect(formatDurationMs(86_400_000)).toBe("1d")
})
