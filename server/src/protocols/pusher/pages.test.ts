import { expect, test } from "bun:test"
import type { App } from "./apps.ts"
import { type LeftChannel, Pages } from "./pages.ts"

const app = { id: "1" } as App
const holder = () => ({ connectionId: crypto.randomUUID(), takenOver: () => undefined })

test("what is remembered of pages that left is bounded by channels, not by pages; the last ones are known", () => {
  const pages = new Pages()
  const stood = (untilMs: number) =>
    new Map(
      Array.from({ length: 100 }, (_, n): [string, LeftChannel] => [
        `log-${n}`,
        { epoch: "e", confirmed: 1, sent: 1, untilMs },
      ]),
    )
  const visit = (name: string, nowMs: number) => {
    const own = holder()
    const left = pages.enter(app, name, own, nowMs)
    pages.leave(app, name, own, stood(nowMs + 60_000), nowMs)
    return left.size
  }
  for (let n = 0; n < 3_000; n++) expect(visit(`page-${n}`, 1_000)).toBe(0)
  // Two thousand pages of a hundred channels each. Who comes back is forgotten first, and remembered anew.
  expect([visit("page-999", 2_000), visit("page-2999", 2_000), visit("page-1500", 2_000)]).toEqual([0, 100, 100])
  // What is too late for a replay makes room by itself.
  expect([visit("page-2500", 70_000), visit("page-2501", 70_000)]).toEqual([0, 0])
})
