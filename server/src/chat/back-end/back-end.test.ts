import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import { inProcess } from "../../store/sqlite/testing/stores.ts"
import type { Conversation, Message } from "../contract.ts"
import { type ChatUnderTest, codeOf, person, startChat } from "../testing/chat-under-test.ts"

describe("the site's back end in the chat", () => {
  let subject: Awaited<ReturnType<typeof inProcess>>
  let it: ChatUnderTest
  beforeEach(async () => {
    subject = await inProcess()
    it = await startChat(subject.store)
  })
  afterEach(() => subject.remove())

  const site = async (method: string, params: object) =>
    JSON.parse(await it.chat.callForBackEnd(method, JSON.stringify(params)))
  const post = (params: object): Promise<{ message: Message; duplicate: boolean }> => site("chat.post", params)
  const refusal = (method: string, params: object) => codeOf(() => site(method, params))
  const page = async (who: string, conversation_id: string) =>
    (await it.call(who, "chat.messages", { conversation_id })).messages

  test("CHAT-31 methods nobody knows and input of another shape are refused with what was expected", async () => {
    expect(await refusal("chat.send", {})).toBe("method_not_found")
    expect(await refusal("constructor", {})).toBe("method_not_found")
    expect(await refusal("chat.post", { room: "lobby", text: "x", html: "<b>" })).toBe("bad_request")
    expect(await refusal("chat.post", { room: "lobby" })).toBe("bad_request")
    expect(await refusal("chat.post", { text: "x" })).toBe("bad_request")
    expect(await refusal("chat.post", { room: "lobby", to: { id: "ann", name: "Ann" }, text: "x" })).toBe("bad_request")
    expect(await refusal("chat.post", { room: "nowhere", text: "x" })).toBe("not_found")
    expect(await refusal("chat.members.add", { room: `c_${"0".repeat(24)}`, user: { id: "a", name: "A" } })).toBe(
      "not_found",
    )
  })

  test("CHAT-31 a person with a name is made known, one without must be known, guests' ids are nobody's to give", async () => {
    expect(await refusal("chat.post", { to: { id: "ann" }, text: "x" })).toBe("not_found")
    const saved = await site("chat.users.save", { id: "ann", name: "Ann", avatar: "/a.png" })
    expect(saved).toEqual({ user: { id: "ann", name: "Ann", avatar: "/a.png" } })
    expect((await post({ to: { id: "ann" }, text: "hello" })).message.body).toBe("hello")
    expect((await site("chat.users.save", { id: "ann", name: "Anna" })).user).toEqual({
      id: "ann",
      name: "Anna",
      avatar: "/a.png",
    })
    expect(await refusal("chat.users.save", { id: "g_1", name: "Guest" })).toBe("permission_denied")
    expect(await refusal("chat.users.save", { id: "_site", name: "Me" })).toBe("permission_denied")
  })

  test("CHAT-32 the site speaks in a room it is no member of, under its name, as often as it must", async () => {
    await it.call("ann", "chat.hello", {})
    for (let n = 1; n <= 40; n++) await post({ room: "lobby", text: `notice ${n}` })
    const { message } = await post({ room: await it.lobby(), as: { name: "Shop" }, text: "closing at 6" })
    expect(message).toMatchObject({ sender_id: "_site", kind: "text", seq: 41 })
    expect(it.channels.of("message").at(-1)).toMatchObject({ user: { id: "_site", name: "Shop" }, message })
    it = await startChat(subject.store)
    await post({ room: "lobby", text: "open again" })
    expect(it.channels.of("message").at(-1)).toMatchObject({ user: { name: "Shop" } })
    const { conversations } = await it.call("ann", "chat.hello", {})
    expect(conversations[0]).toMatchObject({ slug: "lobby", unread: 42, member_count: 1 })
    expect(await codeOf(() => it.call(person("_site"), "chat.hello", {}))).toBe("permission_denied")
  })

  test("CHAT-32 a user is spoken for where that user is a member, and only there", async () => {
    await it.call("ann", "chat.hello", {})
    const said = await post({ room: "lobby", as: { id: "bob", name: "Bob" }, text: "I am new" })
    expect(said.message.sender_id).toBe("bob")
    await it.call("bob", "chat.rooms.leave", { conversation_id: await it.lobby() })
    expect(await refusal("chat.post", { room: "lobby", as: { id: "bob" }, text: "gone" })).toBe("not_a_member")
  })

  test("CHAT-32 in private: one conversation, of which the other one hears with the first message", async () => {
    await it.call("ann", "chat.hello", {})
    const first = await post({ to: { id: "ann" }, text: "shipped", client_id: "order-42-shipped" })
    const again = await post({ to: { id: "ann" }, text: "shipped", client_id: "order-42-shipped" })
    expect(again).toEqual({ message: first.message, duplicate: true })
    expect(first.duplicate).toBe(false)
    const second = await post({ to: { id: "ann" }, text: "delivered" })
    expect(second.message).toMatchObject({ conversation_id: first.message.conversation_id, seq: 2 })
    const added = it.channels.pushes.filter(({ channel }) => channel === "chat:u:ann").map(({ push }) => push)
    expect(added).toMatchObject([{ type: "conversation_added", conversation: { peer: { id: "_site" }, unread: 1 } }])
  })

  const card = {
    title: "Order 42 has been shipped",
    lines: [{ label: "Parcel", value: "SF1234567890" }, { value: "Arrives on Friday" }],
    url: "https://shop.example/orders/42",
    image: "/images/42.jpg",
  }

  test("CHAT-33 a card comes with its words, is counted, found again, and gone when deleted", async () => {
    await it.call("ann", "chat.hello", {})
    const { message } = await post({ to: { id: "ann" }, card })
    expect(message.card).toEqual(card)
    expect(message.body).toBe(
      "Order 42 has been shipped\nParcel: SF1234567890\nArrives on Friday\nhttps://shop.example/orders/42",
    )
    expect(await page("ann", message.conversation_id)).toEqual([message])
    const { conversations } = await it.call("ann", "chat.hello", {})
    const told = conversations.find(({ id }) => id === message.conversation_id)
    expect(told).toMatchObject({ unread: 1, last_message: { card } })
    const own = await post({ room: "lobby", as: { id: "ann" }, card, text: "My order!" })
    expect(own.message.body).toBe("My order!")
    const where = { conversation_id: own.message.conversation_id, seq: own.message.seq }
    expect(await codeOf(() => it.call("ann", "chat.edit", { ...where, text: "other" }))).toBe("permission_denied")
    const { change } = await it.call("ann", "chat.delete", where)
    expect(change.message).toMatchObject({ state: "deleted", body: "" })
    expect(change.message.card).toBeUndefined()
    expect((await page("ann", where.conversation_id)).at(-1)?.card).toBeUndefined()
  })

  test("CHAT-33 cards that could do harm are refused, and clients cannot send any", async () => {
    const bad = [
      { ...card, url: "javascript:alert(1)" },
      { ...card, url: "//elsewhere.example" },
      { ...card, image: 'https://x"onerror=alert(1)' },
      { ...card, image: "data:image/png;base64,AAAA" },
      { ...card, title: "two\nlines" },
      { ...card, title: "x".repeat(121) },
      { ...card, lines: Array.from({ length: 13 }, () => ({ value: "x" })) },
      { ...card, onclick: "x" },
    ]
    await site("chat.users.save", { id: "ann", name: "Ann" })
    for (const one of bad) expect(await refusal("chat.post", { to: { id: "ann" }, card: one })).toBe("bad_request")
    const sending = { conversation_id: await it.lobby(), client_id: "by-client-1", text: "x", card }
    expect((await it.call("ann", "chat.send", sending)).message.card).toBeUndefined()
  })

  test("CHAT-34 asking for a room twice gives the same room; its owner sees it at once", async () => {
    const room = { name: "Order 42", slug: "order-42", topic: "Where is it?", owner: { id: "ann", name: "Ann" } }
    const answers = await Promise.all([site("chat.rooms.create", room), site("chat.rooms.create", room)])
    expect(answers.map(({ created }) => created).sort()).toEqual([false, true])
    const [first, second] = answers.map(({ conversation }) => conversation as Conversation)
    expect(first?.id).toBe(second?.id ?? "")
    expect(first).toMatchObject({ slug: "order-42", name: "Order 42", topic: "Where is it?", member_count: 1 })
    const added = it.channels.of("conversation_added")
    expect(added).toMatchObject([{ conversation: { slug: "order-42", role: "owner" } }])
  })

  test("CHAT-34 adding and removing a member: told at once, cut at once, done once", async () => {
    await site("chat.rooms.create", { name: "Order 42" })
    const add = () => site("chat.members.add", { room: "order-42", user: { id: "ann", name: "Ann" } })
    const { conversation, joined } = await add()
    expect([conversation.member_count, joined, (await add()).joined]).toEqual([1, true, false])
    // The lobby hears of her as well: who is named for the first time comes into the default rooms.
    const toldOf = (id: string) => it.channels.of("member_joined").filter((push) => push.conversation_id === id)
    expect(toldOf(conversation.id)).toHaveLength(1)
    expect(toldOf(await it.lobby())).toHaveLength(1)
    expect((await page("ann", conversation.id)).length).toBe(0)
    const remove = () => site("chat.members.remove", { room: "order-42", user: { id: "ann" } })
    expect([await remove(), await remove()]).toEqual([{ left: true }, { left: false }])
    expect(it.channels.revoked[0]).toMatchObject({ userId: "ann", channel: conversation.channel })
    expect(it.channels.of("conversation_removed")).toHaveLength(1)
    expect(await codeOf(() => page("ann", conversation.id))).toBe("not_a_member")
  })
})
