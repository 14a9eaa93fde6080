import { expect, test } from "bun:test"
import { FakeClock } from "../../core/testing/fake-clock.ts"
import { Settling } from "./settling.ts"

const HOUR_MS = 3_600_000

function start() {
  const clock = new FakeClock(2 * HOUR_MS)
  const settling = new Settling(clock, 50)
  const settled: string[] = []
  const open = (name: string) => settling.whenSettled(clock.nowMs(), () => settled.push(name))
  return { clock, settling, settled, open }
}

test("each waits for the delay, in order of opening", () => {
  const { clock, settled, open } = start()
  open("a")
  clock.advance(30)
  open("b")
  clock.advance(20)
  expect(settled).toEqual(["a"])
  clock.advance(30)
  expect(settled).toEqual(["a", "b"])
})

test("a clock that is put back lets nobody wait for longer, neither who is waiting nor who comes later", () => {
  const { clock, settling, settled, open } = start()
  const openedAtMs = clock.nowMs()
  open("a")
  clock.advance(10)
  clock.correct(-HOUR_MS)
  open("b")
  clock.advance(50)
  clock.advance(50)
  expect(settled).toEqual(["a", "b"])
  expect(settling.remainingMs(openedAtMs)).toBe(0)
})
