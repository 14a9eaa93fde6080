import { expect, test } from "bun:test"
import fc from "fast-check"
import { Lanes } from "./lanes.ts"

/** Operations of one conversation that finish when the test says so. */
function lane() {
  const lanes = new Lanes()
  const told: number[] = []
  const announce = (order: number) => ({ order, tell: () => void told.push(order) })
  const start = () => {
    const { promise, resolve, reject } = Promise.withResolvers<number | undefined>()
    const done = lanes.write(
      "c",
      () => promise,
      (order) => (order === undefined ? undefined : announce(order)),
    )
    const settled = done.then(
      () => undefined,
      () => undefined,
    )
    return {
      answers: (order?: number) => {
        resolve(order)
        return settled
      },
      fails: () => {
        reject(new Error("store"))
        return settled
      },
    }
  }
  return { lanes, told, start }
}

test("CHAT-21 answers that overtake each other are told in order", async () => {
  const { told, start } = lane()
  const [a, b, c] = [start(), start(), start()]
  await c.answers(3)
  await b.answers(2)
  expect(told).toEqual([])
  await a.answers(1)
  expect(told).toEqual([1, 2, 3])
})

test("CHAT-21 the next number waits for nobody", async () => {
  const { told, start } = lane()
  const [first, slow] = [start(), start()]
  await first.answers(7)
  expect(told).toEqual([])
  const next = start()
  await slow.answers(undefined)
  expect(told).toEqual([7])
  const running = start()
  await next.answers(8)
  expect(told).toEqual([7, 8])
  await running.answers(9)
  expect(told).toEqual([7, 8, 9])
})

test("CHAT-21 a number that never comes holds nothing back for longer than its operation", async () => {
  const { told, start, lanes } = lane()
  const [lost, b] = [start(), start()]
  await b.answers(5)
  expect(told).toEqual([])
  await lost.fails()
  expect(told).toEqual([5])
  expect(lanes.size).toBe(0)
})

test("CHAT-15 while somebody leaves, nothing is told; then the leaving comes first", async () => {
  const { lanes, told, start } = lane()
  const leaving = Promise.withResolvers<number>()
  const left = lanes.barrier(
    "c",
    () => leaving.promise,
    () => void told.push(-1),
  )
  await start().answers(1)
  expect(told).toEqual([])
  leaving.resolve(0)
  await left
  expect(told).toEqual([-1, 1])
})

test("CHAT-21 whatever the order of answers, failures included, told is sorted and complete", async () => {
  const plan = fc.array(fc.record({ rank: fc.nat(), fails: fc.boolean() }), { maxLength: 20 })
  await fc.assert(
    fc.asyncProperty(plan, async (operations) => {
      const { told, start, lanes } = lane()
      const started = operations.map((operation, index) => ({ ...operation, order: index + 1, handle: start() }))
      for (const { fails, handle, order } of started.toSorted((a, b) => a.rank - b.rank))
        await (fails ? handle.fails() : handle.answers(order))
      expect(told).toEqual(started.filter(({ fails }) => !fails).map(({ order }) => order))
      expect(lanes.size).toBe(0)
    }),
  )
})
