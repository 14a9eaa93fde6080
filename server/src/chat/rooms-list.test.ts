import { afterEach, beforeEach, expect, test } from "bun:test"
import { inProcess } from "../store/sqlite/testing/stores.ts"
import { type ChatUnderTest, startChat } from "./testing/chat-under-test.ts"

let subject: Awaited<ReturnType<typeof inProcess>>
let it: ChatUnderTest
beforeEach(async () => {
  subject = await inProcess()
  it = await startChat(subject.store)
})
afterEach(() => subject.remove())

test("rooms one is not in are found among however many one is in", async () => {
  const { conversation: mine } = await it.call("ann", "chat.rooms.create", { name: "Tea room" })
  await it.call("bob", "chat.rooms.join", { conversation_id: mine.id })
  await it.call("bob", "chat.rooms.create", { name: "Tea garden" })
  // Three are in the lobby: it is the fullest.
  await it.call("cy", "chat.hello", {})
  const found = async (input: { query?: string; which?: "all" | "joinable"; limit?: number }) =>
    (await it.call("ann", "chat.rooms.list", input)).rooms.map(({ name }) => name)
  expect(await found({ limit: 1 })).toEqual(["Lobby"])
  expect(await found({ which: "joinable", limit: 1 })).toEqual(["Tea garden"])
  expect((await found({ query: "tea" })).sort()).toEqual(["Tea garden", "Tea room"])
  expect(await found({ query: "TEA", which: "joinable" })).toEqual(["Tea garden"])
})
