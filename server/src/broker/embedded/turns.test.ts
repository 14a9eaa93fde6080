import { expect, test } from "bun:test"
import { SkeinError } from "../../core/errors.ts"
import { FakeClock } from "../../core/testing/fake-clock.ts"
import { Turns } from "./turns.ts"

const settled = () => new Promise<void>((done) => setImmediate(done))

function start(maxWorking: number) {
  const clock = new FakeClock()
  const turns = new Turns(clock, maxWorking, 1_000)
  const begun: number[] = []
  const ends = new Map<number, PromiseWithResolvers<void>>()
  const outcomes: string[] = []
  const come = (who: number) => {
    const end = Promise.withResolvers<void>()
    ends.set(who, end)
    const work = () => {
      begun.push(who)
      return end.promise
    }
    turns.take(work).then(
      () => outcomes.push(`${who} done`),
      (error) => outcomes.push(`${who} ${error instanceof SkeinError ? error.code : error}`),
    )
  }
  return { clock, begun, ends, outcomes, come }
}

test("so many work at a time, the others in the order they came; who fails makes room as well", async () => {
  const { begun, ends, outcomes, come } = start(2)
  for (const who of [1, 2, 3, 4]) come(who)
  await settled()
  expect(begun).toEqual([1, 2])
  ends.get(2)?.reject("broken")
  await settled()
  expect(begun).toEqual([1, 2, 3])
  ends.get(1)?.resolve()
  ends.get(3)?.resolve()
  ends.get(4)?.resolve()
  await settled()
  expect(begun).toEqual([1, 2, 3, 4])
  expect(outcomes.sort()).toEqual(["1 done", "2 broken", "3 done", "4 done"])
})

test("who has waited too long is refused without having worked, and holds nobody up", async () => {
  const { clock, begun, ends, outcomes, come } = start(1)
  come(1)
  come(2)
  clock.advance(1_001)
  come(3)
  ends.get(1)?.resolve()
  await settled()
  expect(begun).toEqual([1, 3])
  expect(outcomes).toEqual(["1 done", "2 storage_unavailable"])
  ends.get(3)?.resolve()
  await settled()
  expect(outcomes.at(-1)).toBe("3 done")
})
