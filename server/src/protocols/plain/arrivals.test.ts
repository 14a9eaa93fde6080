import { expect, test } from "bun:test"
import { FakeClock } from "../../core/testing/fake-clock.ts"
import { Arrivals } from "./arrivals.ts"

function arrivalsUnderTest() {
  const clock = new FakeClock()
  const arrivals = new Arrivals(clock, 100)
  const said: string[] = []
  const arrive = () => arrivals.come().over
  const say = (text: string) => void arrivals.settled()?.then(() => said.push(text))
  const turn = async () => {
    for (let i = 0; i < 4; i++) await Promise.resolve()
  }
  return { clock, arrivals, said, arrive, say, turn }
}

test("what is said waits for those who came before it, and for nobody who came after", async () => {
  const { arrivals, said, arrive, say, turn } = arrivalsUnderTest()
  expect(arrivals.settled()).toBeUndefined()
  const [first, second] = [arrive(), arrive()]
  say("one")
  const third = arrive()
  say("two")
  second()
  await turn()
  expect(said).toEqual([])
  first()
  await turn()
  expect(said).toEqual(["one"])
  third()
  await turn()
  expect(said).toEqual(["one", "two"])
  expect(arrivals.settled()).toBeUndefined()
})

test("nobody waits longer than the bound, and once is enough", async () => {
  const { clock, said, arrive, say, turn } = arrivalsUnderTest()
  const slow = arrive()
  say("one")
  clock.advance(99)
  await turn()
  expect(said).toEqual([])
  clock.advance(1)
  await turn()
  expect(said).toEqual(["one"])
  slow()
  clock.advance(1_000)
  await turn()
  expect(said).toEqual(["one"])
})

test("ten thousand who come and speak at once cost no square of that", async () => {
  const { said, arrive, say, turn } = arrivalsUnderTest()
  const come = Array.from({ length: 10_000 }, (_, n) => {
    const arrived = arrive()
    say(`${n}`)
    return arrived
  })
  for (const arrived of come) arrived()
  await turn()
  expect(said).toHaveLength(10_000)
  expect(said.slice(0, 3)).toEqual(["0", "1", "2"])
})

test("what is said without waiting is kept for whoever came before it, until nobody needs it", () => {
  const { arrivals } = arrivalsUnderTest()
  arrivals.said("to nobody on the way")
  const first = arrivals.come()
  arrivals.said("one")
  const second = arrivals.come()
  arrivals.said("two")
  expect([first.missed(), second.missed()]).toEqual([["one", "two"], ["two"]])
  first.over()
  expect(second.missed()).toEqual(["two"])
  second.over()
  expect([first.missed(), second.missed()]).toEqual([[], []])
  const third = arrivals.come()
  for (let n = 0; n < 1_000; n++) arrivals.said(`${n}`)
  expect(third.missed()).toHaveLength(100)
  expect(third.missed().at(-1)).toBe("999")
})
