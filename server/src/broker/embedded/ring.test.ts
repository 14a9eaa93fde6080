import { expect, test } from "bun:test"
import fc from "fast-check"
import { type Kept, publicationBytes, Ring } from "./ring.ts"

const publication = (offset: number, size = 1): Kept => ({ data: "x".repeat(size), offset, timeMs: offset })

type Change =
  | { do: "append"; size: number }
  | { do: "dropThrough"; back: number }
  | { do: "dropOlderThan"; back: number }
  | { do: "clear" }

const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ do: fc.constant("append" as const), size: fc.integer({ min: 0, max: 500 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("dropThrough" as const), back: fc.integer({ min: -2, max: 40 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("dropOlderThan" as const), back: fc.integer({ min: -2, max: 40 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ do: "clear" as const }) },
)

test("a ring is the end of a list, within its bounds", () => {
  fc.assert(
    fc.property(
      fc.array(change, { maxLength: 300 }),
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 300, max: 20_000 }),
      fc.integer({ min: 0, max: 5_000 }),
      (changes, maxCount, maxBytes, start) => {
        const ring = new Ring(maxCount, maxBytes, start)
        let model: Kept[] = []
        let top = start
        const bytes = () => model.reduce((sum, kept) => sum + publicationBytes(kept.data), 0)
        for (const one of changes) {
          if (one.do === "append") {
            top++
            ring.append(publication(top, one.size))
            model.push(publication(top, one.size))
            while (model.length > maxCount || bytes() > maxBytes) model.shift()
          } else if (one.do === "clear") {
            ring.clear()
            model = []
          } else if (one.do === "dropThrough") {
            ring.dropThrough(top - one.back)
            model = model.filter(({ offset }) => offset > top - one.back)
          } else {
            ring.dropOlderThan(top - one.back)
            model = model.filter(({ timeMs }) => timeMs >= top - one.back)
          }
          expect(ring.count).toBe(model.length)
          expect(ring.bytes).toBe(bytes())
          expect([ring.first, ring.top]).toEqual([top - model.length + 1, top])
          const [from, to] = [top - 30, top - 3]
          expect(ring.slice(from, to)).toEqual(model.filter(({ offset }) => offset >= from && offset <= to))
        }
        expect(ring.slice(0, top + 10)).toEqual(model)
      },
    ),
    { numRuns: 200, verbose: fc.VerbosityLevel.Verbose },
  )
})

test("a gap is refused", () => {
  const ring = new Ring(10, 10_000, 4)
  expect(() => ring.append(publication(6))).toThrow("expected offset 5")
})
