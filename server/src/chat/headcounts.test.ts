import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import { inProcess } from "../store/sqlite/testing/stores.ts"
import { conversationChannel } from "./channel-names.ts"
import { CHAT_LIMITS } from "./contract.ts"
import { HEADCOUNT_INTERVAL_MS } from "./headcounts.ts"
import { type ChatUnderTest, startChat } from "./testing/chat-under-test.ts"

const MANY = CHAT_LIMITS.presenceMaxUsers + 1

describe("who is in a conversation, and how many", () => {
  let subject: Awaited<ReturnType<typeof inProcess>>
  let it: ChatUnderTest
  let lobby: string
  beforeEach(async () => {
    subject = await inProcess()
    it = await startChat(subject.store)
    lobby = await it.lobby()
  })
  afterEach(() => subject.remove())

  const come = (user: string) => {
    it.channels.present.set(user, { user, client: user })
    tell("join", user, true)
  }
  const go = (user: string) => {
    it.channels.present.delete(user)
    tell("leave", user, true)
  }
  const tell = (kind: "join" | "leave", user: string, ofUser: boolean) => {
    const change = { kind, channel: conversationChannel(lobby), info: { client: user, user }, ofUser }
    for (const observer of it.channels.observers) observer.presence?.(change)
  }
  const counts = () => it.channels.of("headcount").map(({ online, member_count }) => [online, member_count])
  const fill = () => {
    for (let n = 0; n < MANY; n++) come(`u${n}`)
  }

  test("CHAT-40 who comes for the first time is told to the default rooms, with their new count", async () => {
    await it.call("ann", "chat.hello", {})
    await it.call("bob", "chat.hello", {})
    await it.call("bob", "chat.hello", {})
    expect(it.channels.of("member_joined")).toMatchObject([
      { conversation_id: lobby, user: { id: "ann" }, member_count: 1 },
      { conversation_id: lobby, user: { id: "bob" }, member_count: 2 },
    ])
  })

  test("CHAT-40 few are told of each other: no headcounts", () => {
    for (let n = 1; n < MANY; n++) come(`u${n}`)
    it.clock.advance(HEADCOUNT_INTERVAL_MS)
    expect(counts()).toEqual([])
  })

  test("CHAT-40 many are told how many they are, once per interval and only when that has changed", async () => {
    fill()
    tell("join", "u1", false)
    expect(counts()).toEqual([])
    it.clock.advance(HEADCOUNT_INTERVAL_MS)
    it.clock.advance(HEADCOUNT_INTERVAL_MS)
    expect(counts()).toEqual([[MANY, undefined]])
    // Members are counted along instead of being named.
    await it.call("ann", "chat.hello", {})
    await it.call("bob", "chat.hello", {})
    await it.call("ann", "chat.rooms.leave", { conversation_id: lobby })
    it.clock.advance(HEADCOUNT_INTERVAL_MS)
    expect(counts().slice(1)).toEqual([[MANY, 1]])
    expect([...it.channels.of("member_joined"), ...it.channels.of("member_left")]).toEqual([])
  })

  test("CHAT-40 who came when there were many goes by the counts until nobody is left", () => {
    fill()
    for (let n = 1; n < MANY; n++) go(`u${n}`)
    it.clock.advance(HEADCOUNT_INTERVAL_MS)
    expect(counts()).toEqual([[1, undefined]])
    go("u0")
    come("u0")
    it.clock.advance(HEADCOUNT_INTERVAL_MS)
    expect(counts()).toHaveLength(1)
  })

  test("CHAT-40 the list of members says how many are there, more than it names", async () => {
    await it.call("u0", "chat.hello", {})
    fill()
    const { members, total, online } = await it.call("u0", "chat.members", { conversation_id: lobby, limit: 1 })
    expect([members.length, total, online]).toEqual([1, 1, MANY])
  })

  test("CHAT-40 the list of members says how many are there when it is told: a headcount told meanwhile is no older", async () => {
    await it.call("u0", "chat.hello", {})
    fill()
    const { store } = subject
    const members: typeof store.members = store.members.bind(store)
    Object.assign(store, {
      members(query: Parameters<typeof members>[0]) {
        come("somebody else")
        it.clock.advance(HEADCOUNT_INTERVAL_MS)
        return members(query)
      },
    })
    const { online } = await it.call("u0", "chat.members", { conversation_id: lobby, limit: 1 })
    expect([...counts(), [online]]).toEqual([[MANY + 1, undefined], [MANY + 1]])
  })
})
