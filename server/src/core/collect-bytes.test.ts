import { expect, test } from "bun:test"
import { collectBytes } from "./collect-bytes.ts"

const bytes = (...values: number[]) => Uint8Array.from(values)

test("a stream comes in one piece, up to the bound and including it", async () => {
  const stream = async function* () {
    yield bytes(1, 2)
    yield bytes()
    yield bytes(3)
  }
  expect([...((await collectBytes(stream(), 3)) ?? [])]).toEqual([1, 2, 3])
  expect(await collectBytes(stream(), 2)).toBeUndefined()
})

test("of a stream that is too long nothing is read beyond the bound, and it is told that nobody listens", async () => {
  let given = 0
  let isEnded = false
  const endless = async function* () {
    try {
      for (;;) yield bytes(given++)
    } finally {
      isEnded = true
    }
  }
  expect(await collectBytes(endless(), 10)).toBeUndefined()
  expect(given).toBe(11)
  expect(isEnded).toBe(true)
})
