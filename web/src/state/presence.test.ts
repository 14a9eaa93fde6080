import { expect, test } from "bun:test"
import { countCrowd, forgetPresence, joined, left, online, seenInCrowd } from "./presence.ts"

const here = () => [...online.value].toSorted()

test("a room that becomes crowded puts nobody offline who was seen to come, and they are seen to go", () => {
  joined("chat:1", "client-a", "ann")
  joined("chat:1", "client-b", "bob")
  countCrowd("chat:1", 201)
  expect(here()).toEqual(["ann", "bob"])
  left("chat:1", "client-a")
  countCrowd("chat:1", 200)
  expect(here()).toEqual(["bob"])
  // Who comes among many is not told, but found by looking.
  joined("chat:1", "client-c", "cleo")
  expect(here()).toEqual(["bob"])
  seenInCrowd("chat:1", ["bob", "cleo"])
  expect(here()).toEqual(["bob", "cleo"])
  forgetPresence("chat:1")
  expect(here()).toEqual([])
})
