import { expect, test } from "bun:test"
import { AnswerRoom } from "./answer-room.ts"
import type { Publication } from "./publication.ts"

const sized = (bytes: number, offset: number): Publication => ({ data: "x".repeat(bytes), offset, timeMs: 0 })
const offsets = (page: readonly Publication[]) => page.map(({ offset }) => offset)

test("a page ends where the room does, with one publication at least", () => {
  const page = [sized(400, 1), sized(400, 2), sized(400, 3)]
  expect(offsets(new AnswerRoom(1_000).page(page))).toEqual([1, 2])
  expect(offsets(new AnswerRoom(10).page(page))).toEqual([1])
  expect(new AnswerRoom(10_000).page(page)).toBe(page)
  expect(new AnswerRoom(10).page([])).toEqual([])
})

test("bytes are those of the wire: what is not ASCII counts as it is sent, and who published counts too", () => {
  const wide = { data: "鸿".repeat(300), timeMs: 0 }
  expect(new AnswerRoom(1_000).page([wide, wide])).toHaveLength(1)
  const info = { user: "u", client: "c", connInfo: "x".repeat(900) }
  expect(new AnswerRoom(1_000).page([{ data: "1", info, timeMs: 0 }, sized(10, 2)])).toHaveLength(1)
  expect(new AnswerRoom(1_000).page([{ data: new Uint8Array(900), timeMs: 0 }, sized(10, 2)])).toHaveLength(1)
})

test("several shares of one answer have the room together; what found none has taken none", () => {
  const room = new AnswerRoom(1_000)
  expect(room.takeAll([sized(200, 1), sized(200, 2)])).toBe(true)
  expect(room.takeAll([sized(200, 1), sized(200, 2)])).toBe(false)
  expect(room.takeAll([sized(100, 1), sized(100, 2)])).toBe(true)
  expect(room.takeAll([])).toBe(true)
})

test("one publication has room however large it is, but not one of each of many channels", () => {
  const room = new AnswerRoom(1_000)
  expect(room.takeAll([sized(2_000, 1)])).toBe(true)
  expect(room.takeAll([])).toBe(true)
  expect(room.takeAll([sized(1, 1)])).toBe(false)
  const shared = new AnswerRoom(1_000)
  const channels = Array.from({ length: 20 }, () => shared.takeAll([sized(400, 1)]))
  expect(channels.filter(Boolean)).toHaveLength(2)
})
