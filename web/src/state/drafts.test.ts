import { expect, test } from "bun:test"
import { Drafts } from "./drafts.ts"
import type { PersonalStore } from "./storage.ts"

/** A database that answers when it is told to. */
function slowStore() {
  const writing = Promise.withResolvers<void>()
  const written = Promise.withResolvers<void>()
  const hurried: (readonly [string, string])[][] = []
  const store = {
    keepDraft: () => {
      writing.resolve()
      return written.promise
    },
    keepHurriedDrafts: (drafts: readonly (readonly [string, string])[]) => void hurried.push([...drafts]),
  } as unknown as PersonalStore
  return { store, writing, written, hurried }
}

test("a page that goes away while a draft is being written keeps it all the same", async () => {
  const { store, writing, written, hurried } = slowStore()
  const drafts = new Drafts(store)
  drafts.set("c_1", "half a thought")
  await writing.promise
  drafts.flush()
  expect(hurried).toEqual([[["c_1", "half a thought"]]])
  written.resolve()
  await written.promise
  await Promise.resolve()
  drafts.flush()
  expect(hurried).toHaveLength(1)
})

test("what is typed while an earlier text is being written is still to be kept", async () => {
  const { store, writing, written, hurried } = slowStore()
  const drafts = new Drafts(store)
  drafts.set("c_1", "half")
  await writing.promise
  drafts.set("c_1", "half a thought")
  written.resolve()
  await written.promise
  await Promise.resolve()
  drafts.flush()
  expect(hurried).toEqual([[["c_1", "half a thought"]]])
})
