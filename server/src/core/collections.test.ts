import { expect, test } from "bun:test"
import { getOrAdd, setNewest } from "./collections.ts"

test("getOrAdd makes a value once", () => {
  const map = new Map<string, number[]>()
  getOrAdd(map, "a", () => [1]).push(2)
  expect(getOrAdd(map, "a", () => [9])).toEqual([1, 2])
})

test("setNewest forgets what was set longest ago, and setting again counts", () => {
  const map = new Map<string, number>()
  for (const [key, value] of [
    ["a", 1],
    ["b", 2],
    ["a", 3],
    ["c", 4],
  ] as const)
    setNewest(map, key, value, 2)
  expect([...map]).toEqual([
    ["a", 3],
    ["c", 4],
  ])
})
