import { expect, test } from "bun:test"
import fc from "fast-check"
import { Lanes } from "./lanes.ts"

const event = (sequence: number, timeMs = 0, bytes = 100) => ({ sequence, timeMs, bytes })
const sequences = (batch: ReturnType<Lanes["take"]>) => batch?.events.map(({ sequence }) => sequence)

test("a batch takes channels together; nobody of a channel under way overtakes", () => {
  const lanes = new Lanes()
  lanes.add("a", event(1))
  lanes.add("b", event(2))
  lanes.add("a", event(3))
  const first = lanes.take(0, 2)
  expect(sequences(first)).toEqual([1, 3])
  lanes.add("a", event(4))
  const second = lanes.take(0, 2)
  expect(sequences(second)).toEqual([2])
  expect(lanes.take(0, 2)).toBeUndefined()
  if (first) lanes.succeeded(first)
  expect(sequences(lanes.take(0, 2))).toEqual([4])
})

test("a channel that failed rests, comes back alone and one by one, and then again with the others", () => {
  const lanes = new Lanes()
  for (const sequence of [1, 2, 3]) lanes.add("bad", event(sequence))
  const batch = lanes.take(0, 10)
  if (batch) lanes.failed(batch, () => 1_000)
  lanes.add("good", event(4))
  expect(sequences(lanes.take(999, 10))).toEqual([4])
  const again = lanes.take(1_000, 10)
  expect(sequences(again)).toEqual([1])
  if (again) lanes.succeeded(again)
  expect(sequences(lanes.take(1_000, 10))).toEqual([2, 3])
})

test("an encrypted channel travels alone: receivers fail on the whole request for it", () => {
  const lanes = new Lanes()
  lanes.add("a", event(1))
  lanes.add("private-encrypted-x", event(2))
  lanes.add("private-encrypted-x", event(3))
  lanes.add("b", event(4))
  expect(sequences(lanes.take(0, 10))).toEqual([1, 4])
  expect(sequences(lanes.take(0, 10))).toEqual([2])
})

test("a request stays under a megabyte, unless one event alone is larger", () => {
  const lanes = new Lanes()
  for (const [sequence, channel] of ["a", "a", "b", "c"].entries()) lanes.add(channel, event(sequence, 0, 500_000))
  lanes.add("d", event(4, 0, 2_000_000))
  const batches: number[][] = []
  for (let batch = lanes.take(0, 50); batch; batch = lanes.take(0, 50)) {
    batches.push(batch.events.map(({ sequence }) => sequence))
    lanes.succeeded(batch)
  }
  expect(batches).toEqual([[0, 1], [2, 3], [4]])
})

test("too many bytes: the oldest are given up, until the rest fits", () => {
  const lanes = new Lanes()
  for (let sequence = 1; sequence <= 5; sequence++)
    lanes.add(sequence % 2 ? "odd" : "even", event(sequence, sequence, 1_000))
  expect(lanes.giveUp(0, 100, 5_000)).toEqual([])
  expect(lanes.giveUp(0, 100, 2_999)).toEqual([1, 2, 3])
  expect(lanes.count).toBe(2)
})

test("gives up the old, then the oldest of too many, but nothing that is under way", () => {
  const lanes = new Lanes()
  for (let sequence = 1; sequence <= 4; sequence++) lanes.add("a", event(sequence, sequence))
  lanes.add("b", event(5, 5))
  lanes.take(0, 10) && lanes.add("c", event(6, 1))
  expect(lanes.giveUp(4, 100, 10_000)).toEqual([6])
  const idle = new Lanes()
  for (let sequence = 1; sequence <= 5; sequence++) idle.add(sequence % 2 ? "odd" : "even", event(sequence, sequence))
  expect(idle.giveUp(2, 2, 10_000).sort()).toEqual([1, 2, 3])
  expect(idle.count).toBe(2)
  expect(sequences(idle.take(0, 10))).toEqual([4, 5])
})

test("whatever fails and when: each event is delivered, and within a channel in order", () => {
  const step = fc.record({
    channel: fc.constantFrom("a", "b", "c", "private-encrypted-d"),
    fails: fc.boolean(),
    hold: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 80 }), fc.integer({ min: 1, max: 5 }), (steps, maxEvents) => {
      const lanes = new Lanes()
      const channelOf = new Map<number, string>()
      const delivered: number[] = []
      const held: NonNullable<ReturnType<Lanes["take"]>>[] = []
      let nowMs = 0
      const finish = (batch: NonNullable<ReturnType<Lanes["take"]>>, fails: boolean) => {
        if (fails) lanes.failed(batch, () => nowMs + 10)
        else delivered.push(...lanes.succeeded(batch))
      }
      for (const [index, { channel, fails, hold }] of steps.entries()) {
        nowMs += 5
        channelOf.set(index, channel)
        lanes.add(channel, event(index))
        const batch = lanes.take(nowMs, maxEvents)
        if (batch && hold) held.push(batch)
        else if (batch) finish(batch, fails)
        if (!hold) for (const one of held.splice(0)) finish(one, fails)
      }
      for (const one of held) finish(one, false)
      for (nowMs += 10_000; lanes.count > 0; ) {
        const batch = lanes.take(nowMs, maxEvents)
        if (!batch) throw new Error("something waits and cannot be taken")
        finish(batch, false)
      }
      expect(delivered.toSorted((a, b) => a - b)).toEqual([...channelOf.keys()])
      for (const channel of new Set(channelOf.values())) {
        const own = delivered.filter((sequence) => channelOf.get(sequence) === channel)
        expect(own).toEqual(own.toSorted((a, b) => a - b))
      }
    }),
  )
})
