import { expect, test } from "bun:test"
import { countCrowd, fadeSeen, forgetPresence, joined, left, online, seenInCrowd } from "./presence.ts"

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

test("who was listed in a crowd is not here for ever once the list is closed", async () => {
  countCrowd("chat:1", 201)
  seenInCrowd("chat:1", ["ann"])
  joined("chat:2", "client-b", "bob")
  const gone = Promise.withResolvers<void>()
  const stop = online.subscribe((now) => now.has("ann") || gone.resolve())
  // Of few who goes is told.
  fadeSeen("chat:2", 0)
  fadeSeen("chat:1", 1)
  expect(here()).toEqual(["ann", "bob"])
  await gone.promise
  stop()
  expect(here()).toEqual(["bob"])
  // Opened again in time, the list stays.
  seenInCrowd("chat:1", ["ann"])
  fadeSeen("chat:1", 0)
  seenInCrowd("chat:1", ["ann"])
  await new Promise((resolve) => setTimeout(resolve, 0))
  expect(here()).toEqual(["ann", "bob"])
  for (const channel of ["chat:1", "chat:2"]) forgetPresence(channel)
})
