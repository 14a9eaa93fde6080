import { expect, test } from "bun:test"
import { Pending, type PendingOp } from "./pending.ts"

const op = (name: string, { weight = 1, bytes = 10, deadlineMs = 1_000 } = {}): PendingOp & { name: string } => ({
  name,
  weight,
  bytes,
  deadlineMs,
  encode: () => name,
  settle: () => undefined,
  refuse: () => undefined,
})
const names = (ops: readonly PendingOp[]) => ops.map((one) => one.encode()).join("")

function filled(text: string, shape = {}): Pending {
  const pending = new Pending()
  for (const name of text) pending.accept(op(name, shape))
  return pending
}

test("what is taken keeps within weight and bytes, but is never nothing", () => {
  expect(names(filled("abcdef").take(3, 1_000))).toBe("abc")
  expect(names(filled("abcdef").take(100, 25))).toBe("ab")
  expect(names(filled("abc", { weight: 9, bytes: 99 }).take(1, 1))).toBe("a")
  expect(names(new Pending().take(1, 1))).toBe("")
})

test("answers meet their frames in order, and what a dead process left is asked again before the rest", () => {
  const pending = filled("abcdefgh")
  for (let frame = 0; frame < 3; frame++) pending.sent(pending.take(2, 1_000))
  expect(names(pending.answered() ?? [])).toBe("ab")
  expect([pending.count, pending.waiting, pending.bytes]).toEqual([6, 2, 60])
  const back = pending.takeBack()
  expect(names(back)).toBe("cdef")
  expect(pending.answered()).toBeUndefined()
  pending.putFirst(back)
  expect(names(pending.take(100, 1_000))).toBe("cdefgh")
})

test("what has waited too long is taken out, from the front", () => {
  const pending = new Pending()
  for (const [i, name] of [..."abcd"].entries()) pending.accept(op(name, { deadlineMs: 100 * (i + 1) }))
  expect(names(pending.takeExpired(250))).toBe("ab")
  expect([pending.count, pending.bytes]).toEqual([2, 20])
  expect(names(pending.takeAll())).toBe("cd")
  expect([pending.count, pending.bytes]).toEqual([0, 0])
})
