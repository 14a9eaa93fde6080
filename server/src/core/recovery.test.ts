import { describe, expect, test } from "bun:test"
import { AnswerRoom } from "./answer-room.ts"
import type { HistoryPage } from "./log.ts"
import type { Position, Publication } from "./publication.ts"
import { recover as recoverInto } from "./recovery.ts"

const recover = (
  since: Position | undefined,
  page: HistoryPage,
  meanwhile: readonly Publication[],
  bytes = 1_000_000,
) => recoverInto(since, page, meanwhile, new AnswerRoom(bytes))

const publications = (...offsets: number[]): Publication[] =>
  offsets.map((offset) => ({ data: `${offset}`, offset, timeMs: 0 }))
const read = (top: number, ...offsets: number[]) => ({
  publications: publications(...offsets),
  top: { epoch: "e", offset: top },
})

describe("recover", () => {
  test("gives everything missed and leaves the client at its own offset", () => {
    const outcome = recover({ epoch: "e", offset: 3 }, read(5, 4, 5), [])
    expect(outcome).toMatchObject({ recovered: true, position: { epoch: "e", offset: 3 }, standing: 5 })
    expect(outcome?.publications.map((p) => p.offset)).toEqual([4, 5])
  })

  test("nothing missed is a success without publications", () => {
    expect(recover({ epoch: "e", offset: 5 }, read(5), [])).toMatchObject({ recovered: true, publications: [] })
  })

  test("history that no longer reaches back is a refusal with the top and nothing else", () => {
    const outcome = recover({ epoch: "e", offset: 1 }, read(5, 4, 5), [])
    expect(outcome).toMatchObject({ recovered: false, position: { offset: 5 }, publications: [] })
  })

  test("another epoch is a refusal, an empty epoch is any", () => {
    expect(recover({ epoch: "old", offset: 5 }, read(5), [])?.recovered).toBe(false)
    expect(recover({ epoch: "", offset: 4 }, read(5, 5), [])?.recovered).toBe(true)
  })

  test("a position from the future is a refusal", () => {
    expect(recover({ epoch: "e", offset: 9 }, read(5), [])?.recovered).toBe(false)
  })

  test("more than there is room for is a refusal, not a part of it", () => {
    expect(recover({ epoch: "e", offset: 3 }, read(5, 4, 5), publications(6), 200)?.recovered).toBe(true)
    expect(recover({ epoch: "e", offset: 3 }, read(5, 4, 5), publications(6), 190)).toMatchObject({
      recovered: false,
      position: { offset: 6 },
      publications: [],
    })
    // One alone is what it would have been sent live.
    expect(recover({ epoch: "e", offset: 4 }, read(5, 5), [], 10)?.recovered).toBe(true)
  })

  test("what arrived while reading is added once", () => {
    const outcome = recover({ epoch: "e", offset: 3 }, read(5, 4, 5), publications(5, 6, 7))
    expect(outcome?.publications.map((p) => p.offset)).toEqual([4, 5, 6, 7])
    expect(outcome?.standing).toBe(7)
  })

  test("without recovery the position is the top including what arrived while reading", () => {
    expect(recover(undefined, read(5), publications(6))).toMatchObject({
      recovered: false,
      position: { epoch: "e", offset: 6 },
    })
  })

  test("a hole between the page and what arrived asks for another read", () => {
    expect(recover({ epoch: "e", offset: 3 }, read(5, 4, 5), publications(7))).toBeUndefined()
  })
})
