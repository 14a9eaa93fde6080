import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import fc from "fast-check"
import type { Identity } from "../core/connection.ts"
import { SkeinError } from "../core/errors.ts"
import { inProcess } from "../store/sqlite/testing/stores.ts"
import { CHAT_DEFAULTS } from "./config.ts"
import { CHAT_LIMITS, type Membership, type Method, operations } from "./contract.ts"
import { type ChatUnderTest, codeOf, person, startChat } from "./testing/chat-under-test.ts"
import { CountingDevice } from "./testing/counting-device.ts"

describe("the chat", () => {
  let subject: Awaited<ReturnType<typeof inProcess>>
  let it: ChatUnderTest
  let lobby: string
  let clientIds = 0
  beforeEach(async () => {
    subject = await inProcess()
    it = await startChat(subject.store)
    lobby = await it.lobby()
  })
  afterEach(() => subject.remove())

  const send = (who: string, text: string, more: { client_id?: string; conversation_id?: string } = {}) =>
    it.call(who, "chat.send", { conversation_id: lobby, client_id: `client-${clientIds++}`, text, ...more })
  const arrive = async (...ids: string[]) => {
    for (const id of ids) await it.call(id, "chat.hello", {})
  }

  test("CHAT-18 everyone who comes is in the lobby, and the hello answers its contract", async () => {
    await arrive("ann")
    await send("ann", "hello")
    const hello = await it.call("bob", "chat.hello", {})
    expect(operations["chat.hello"].output.parse(hello)).toEqual(hello)
    expect(hello.conversations.map(({ slug, name, seq_head, unread }) => [slug, name, seq_head, unread])).toEqual([
      ["lobby", "Lobby", 1, 0],
    ])
    expect(hello.conversations[0]?.channel).toBe(`chat:c:${lobby}`)
    expect(hello.user).toEqual({ id: "bob", name: "bob" })
    expect([hello.users, hello.has_more]).toEqual([{ ann: { id: "ann", name: "ann" } }, false])
  })

  test("CHAT-24 who is a member joins as often as he likes; joining what one is not in has its rate", async () => {
    await arrive("ann")
    for (let n = 0; n < 60; n++) await it.chat.rooms.enter(person("ann"), "lobby", { create: false })
    for (let n = 0; n < 30; n++) await it.call("ann", "chat.rooms.join", { conversation_id: lobby })
    const outcomes: string[] = []
    for (let n = 0; n < 25; n++) {
      await subject.store.leave({ conversationId: lobby, userId: "ann" })
      outcomes.push(await codeOf(() => it.chat.rooms.enter(person("ann"), "lobby", { create: false })))
    }
    expect(new Set(outcomes)).toEqual(new Set(["done", "too_many_requests"]))
    // Knocking on a room is bounded too, and a direct conversation is none.
    const knocks = Array.from({ length: 120 }, () =>
      codeOf(() => it.call("bob", "chat.rooms.join", { conversation_id: lobby })),
    )
    expect(new Set(await Promise.all(knocks))).toEqual(new Set(["done", "too_many_requests"]))
  })

  test("CHAT-21 a message is pushed after it is stored, with both heads, in order of seq under concurrency", async () => {
    await arrive("ann", "bob")
    await Promise.all(Array.from({ length: 15 }, (_, n) => send(n % 2 ? "ann" : "bob", `text ${n}`)))
    await it.call("ann", "chat.edit", { conversation_id: lobby, seq: 1, text: "x" }).catch(() => undefined)
    const pushes = it.channels.of("message")
    expect(pushes.map(({ message }) => message.seq)).toEqual(Array.from({ length: 15 }, (_, n) => n + 1))
    expect(pushes.map(({ seq_head }) => seq_head)).toEqual(Array.from({ length: 15 }, (_, n) => n + 1))
    expect(pushes[0]?.user.name).toBe("bob")
  })

  test("CHAT-21 edits, deletes and messages at once leave in the order of their heads", async () => {
    await arrive("ann", "bob")
    for (let n = 1; n <= 5; n++) await send("ann", `text ${n}`)
    await Promise.all([
      it.call("ann", "chat.edit", { conversation_id: lobby, seq: 1, text: "edited" }),
      send("bob", "six"),
      it.call("ann", "chat.delete", { conversation_id: lobby, seq: 2 }),
      send("bob", "seven"),
    ])
    const orders = it.channels.pushes
      .map(({ push }) => push)
      .filter((push) => push.type === "message" || push.type === "change")
      .map(({ seq_head, chg_head }) => seq_head + chg_head)
    expect(orders).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  test("CHAT-3 a repeated send answers as before and is pushed once", async () => {
    await arrive("ann")
    const first = await send("ann", "once", { client_id: "the-same-id" })
    const again = await send("ann", "once", { client_id: "the-same-id" })
    expect([first.duplicate, again.duplicate]).toEqual([false, true])
    expect(again.message).toEqual(first.message)
    expect(it.channels.of("message")).toHaveLength(1)
  })

  test("CHAT-20 scripts stay text on every way out", async () => {
    await arrive("ann")
    const text = '<img src=x onerror="alert(1)"> & </script><script>'
    const { message } = await send("ann", text)
    expect(message.body).toBe(text)
    expect(it.channels.of("message")[0]?.message.body).toBe(text)
    const page = await it.call("ann", "chat.messages", { conversation_id: lobby })
    expect(operations["chat.messages"].output.parse(page).messages[0]?.body).toBe(text)
  })

  test("CHAT-20 too long, empty or no text is refused by its own code", async () => {
    await arrive("ann")
    expect(await codeOf(() => send("ann", "x".repeat(4_001)))).toBe("text_too_long")
    expect(await codeOf(() => send("ann", "x".repeat(9_000)))).toBe("text_too_long")
    expect(await codeOf(() => send("ann", " \n "))).toBe("bad_request")
    expect(await codeOf(() => send("ann", ""))).toBe("bad_request")
    expect(await codeOf(() => it.chat.call(person("ann"), "chat.send", "{not json"))).toBe("bad_request")
    expect(await codeOf(() => it.chat.call(person("ann"), "chat.nothing", "{}"))).toBe("method_not_found")
    expect(await codeOf(() => it.chat.call(person("ann"), "constructor", "{}"))).toBe("method_not_found")
  })

  test("CHAT-15 who leaves is cut off before anything later is told, and stays out", async () => {
    await arrive("ann", "bob")
    await Promise.all([
      it.call("bob", "chat.rooms.leave", { conversation_id: lobby }),
      ...Array.from({ length: 10 }, (_, n) => send("ann", `after ${n}`)),
    ])
    const [cut] = it.channels.revoked
    expect(cut).toMatchObject({ userId: "bob", channel: `chat:c:${lobby}` })
    const toldBefore = it.channels.pushes.slice(0, cut?.afterPushes).filter(({ push }) => push.type === "message")
    expect(toldBefore).toEqual([])
    expect(await codeOf(() => it.chat.owner.ensureMaySubscribe(connection("bob"), `chat:c:${lobby}`))).toBe(
      "not_a_member",
    )
    expect(it.channels.revoked).toHaveLength(1)
    expect(it.channels.of("member_left")[0]).toMatchObject({ member_count: 1 })
    expect(it.channels.of("conversation_removed")).toHaveLength(1)
  })

  test("CHAT-7 a conversation's channel is its members', a person's own is that person's", async () => {
    await arrive("ann", "bob")
    const { conversation } = await it.call("ann", "chat.direct.open", { user_id: "bob" })
    const may = (who: string, channel: string) =>
      codeOf(() => it.chat.owner.ensureMaySubscribe(connection(who), channel))
    expect(await may("bob", conversation.channel)).toBe("done")
    expect(await may("cy", conversation.channel)).toBe("not_a_member")
    expect(await may("cy", "chat:c:nowhere")).toBe("not_a_member")
    expect(await may("ann", "chat:u:ann")).toBe("done")
    expect(await may("ann", "chat:u:bob")).toBe("permission_denied")
    expect(await may("", "chat:u:")).toBe("unauthorized")
    expect(await may("ann", "chat:other")).toBe("permission_denied")
    expect(it.chat.serverSubscriptions({ userId: "张三 @x" })).toEqual([
      { channel: "chat:u:%E5%BC%A0%E4%B8%89%20%40x" },
    ])
    expect(it.chat.serverSubscriptions({ userId: "" })).toEqual([])
  })

  test("CHAT-16 the other one hears of a direct conversation with its first message", async () => {
    await arrive("ann", "bob")
    const { conversation } = await it.call("ann", "chat.direct.open", { user_id: "bob" })
    const toBob = () =>
      it.channels.pushes.filter(({ channel }) => channel === "chat:u:bob").map(({ push }) => push.type)
    expect(toBob()).toEqual([])
    await send("ann", "psst", { conversation_id: conversation.id })
    expect(toBob()).toEqual(["conversation_added"])
    await send("ann", "again", { conversation_id: conversation.id })
    expect(toBob()).toEqual(["conversation_added"])
    const added = it.channels.of("conversation_added").find(({ conversation: { peer } }) => peer?.id === "ann")
    expect(added?.conversation).toMatchObject({ name: "ann", unread: 1, kind: "direct" })
    expect(await codeOf(() => it.call("ann", "chat.direct.open", { user_id: "ann" }))).toBe("bad_request")
    expect(await codeOf(() => it.call("ann", "chat.direct.open", { user_id: "nobody" }))).toBe("not_found")
  })

  test("CHAT-17 a room has an owner, begins with a system message, and its name is taken", async () => {
    const { conversation } = await it.call("ann", "chat.rooms.create", { name: "读书 会", topic: "Books" })
    expect(conversation).toMatchObject({
      slug: "读书-会",
      name: "读书 会",
      role: "owner",
      seq_head: 1,
      unread: 0,
      member_count: 1,
    })
    expect(JSON.parse(conversation.last_message?.body ?? "")).toEqual({ type: "created", by: "ann", name: "读书 会" })
    expect(await codeOf(() => it.call("bob", "chat.rooms.create", { name: "读书  会" }))).toBe("name_taken")
    expect(await codeOf(() => it.call("bob", "chat.rooms.create", { name: "!!!" }))).toBe("bad_request")
    const hello = await it.call("bob", "chat.hello", {})
    expect(hello.rooms.map(({ slug }) => slug)).toEqual(["读书-会"])
    const found = await it.call("bob", "chat.rooms.list", { query: "读书" })
    expect(found.rooms).toHaveLength(1)
  })

  test("CHAT-17 who may open rooms is configured", async () => {
    const guest = { userId: "g_1", info: JSON.stringify({ name: "Mia", guest: true }) }
    const create = (who: string | typeof guest, chat: ChatUnderTest) =>
      codeOf(() => chat.call(who, "chat.rooms.create", { name: `room ${clientIds++}` }))
    const users = await startChat(subject.store, { createRooms: "users" })
    expect([await create("ann", users), await create(guest, users)]).toEqual(["done", "permission_denied"])
    const nobody = await startChat(subject.store, { createRooms: "nobody" })
    expect(await create("ann", nobody)).toBe("permission_denied")
    expect((await nobody.call("ann", "chat.hello", {})).may_create_rooms).toBe(false)
  })

  test("CHAT-10 reading is told to my devices with the count, to others without", async () => {
    await arrive("ann", "bob")
    for (const text of ["one", "two"]) await send("ann", text)
    expect(await it.call("bob", "chat.read", { conversation_id: lobby, seq: 1 })).toEqual({
      read_seq: 1,
      unread: 1,
      mentions: 0,
      seq_head: 2,
      chg_head: 0,
    })
    await it.call("bob", "chat.read", { conversation_id: lobby, seq: 1 })
    const reads = it.channels.pushes.filter(({ push }) => push.type === "read")
    expect(reads[0]?.push).toMatchObject({ unread: 1, mentions: 0, seq_head: 2, chg_head: 0 })
    expect(reads.map(({ channel, push }) => [channel, "unread" in push])).toEqual([
      ["chat:u:bob", true],
      [`chat:c:${lobby}`, false],
    ])
  })

  test("CHAT-11 three devices that count along agree with a new hello, whatever is sent, deleted and read, and however late it comes", async () => {
    await arrive("ann", "bob")
    const who = fc.constantFrom(0, 1, 2)
    const moves = fc.oneof(
      { weight: 4, arbitrary: fc.record({ what: fc.constant("hears"), who, at: fc.nat() }) },
      { weight: 3, arbitrary: fc.record({ what: fc.constant("ann says"), who, at: fc.nat() }) },
      { weight: 1, arbitrary: fc.record({ what: fc.constant("bob says"), who, at: fc.nat() }) },
      { weight: 2, arbitrary: fc.record({ what: fc.constant("deletes"), who, at: fc.nat() }) },
      { weight: 1, arbitrary: fc.record({ what: fc.constant("edits"), who, at: fc.nat() }) },
      { weight: 3, arbitrary: fc.record({ what: fc.constant("reads"), who, at: fc.nat() }) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(moves, { minLength: 5, maxLength: 40 }), async (played) => {
        it.clock.advance(3_600_000)
        const { conversation } = await it.call("ann", "chat.rooms.create", { name: `room ${clientIds++}` })
        await it.call("bob", "chat.rooms.join", { conversation_id: conversation.id })
        const place = { conversation_id: conversation.id }
        const helloOfBob = async () => {
          const { conversations } = await it.call("bob", "chat.hello", {})
          return conversations.find(({ id }) => id === conversation.id) as Membership
        }
        const devices: CountingDevice[] = []
        for (let n = 0; n < 3; n++) devices.push(new CountingDevice("bob", await helloOfBob()))
        let told = it.channels.pushes.length
        const late: (() => void)[] = []
        const seqOf = async (at: number) => 1 + (at % (await helloOfBob()).seq_head)
        for (const { what, who, at } of played) {
          it.clock.advance(1_000)
          const device = devices[who] as CountingDevice
          if (what === "ann says") await send("ann", "hi", place)
          else if (what === "bob says") await send("bob", "hello", place)
          else if (what === "deletes" || what === "edits") {
            const target = { ...place, seq: await seqOf(at) }
            await codeOf(async () =>
              what === "deletes"
                ? it.call("ann", "chat.delete", target)
                : it.call("ann", "chat.edit", { ...target, text: `edit ${at}` }),
            )
          } else if (what === "reads") {
            const answer = await it.call("bob", "chat.read", { ...place, seq: await seqOf(at) })
            late.push(() => device.answered(answer))
          } else if (at % 3 === 0) late.shift()?.()
          else device.receive(at % 3 === 1 ? "conversation" : "personal")
          for (const { channel, push } of it.channels.pushes.slice(told))
            for (const each of devices) each.send(channel, push)
          told = it.channels.pushes.length
        }
        for (const arrives of late) arrives()
        for (const device of devices) {
          while (device.receive("personal"));
          while (device.receive("conversation"));
        }
        const { unread } = await helloOfBob()
        expect(devices.map((device) => device.unread)).toEqual([unread, unread, unread])
      }),
      { numRuns: 30 },
    )
  }, 30_000)

  test("CHAT-22 typing: one notice per interval, an end to each, nothing kept", async () => {
    await arrive("ann", "bob")
    const typing = (active?: boolean) =>
      it.call("ann", "chat.typing", { conversation_id: lobby, ...(active === undefined ? {} : { active }) })
    await typing()
    await typing()
    expect(it.channels.of("typing").map(({ active }) => active)).toEqual([true])
    it.clock.advance(CHAT_LIMITS.typingIntervalMs)
    await typing(true)
    await typing(false)
    await typing(false)
    expect(it.channels.of("typing").map(({ active }) => active)).toEqual([true, true, false])
    expect(await codeOf(() => it.call("ann", "chat.typing", { conversation_id: "c_nowhere" }))).toBe("not_a_member")
    expect((await it.call("ann", "chat.messages", { conversation_id: lobby })).messages).toEqual([])
  })

  test("CHAT-22 above 50 members there are no typing notices and no read positions of others", async () => {
    const ids = Array.from({ length: 51 }, (_, n) => `user-${n}`)
    await arrive(...ids)
    await send("user-0", "hi")
    await it.call("user-1", "chat.typing", { conversation_id: lobby })
    await it.call("user-1", "chat.read", { conversation_id: lobby, seq: 1 })
    expect(it.channels.of("typing")).toEqual([])
    expect(it.channels.pushes.filter(({ push }) => push.type === "read").map(({ channel }) => channel)).toEqual([
      "chat:u:user-1",
    ])
    const { members, total } = await it.call("user-0", "chat.members", { conversation_id: lobby })
    expect(total).toBe(51)
    expect(members.every(({ read_seq }) => read_seq === undefined)).toBe(true)
  })

  test("members are shown online first", async () => {
    await arrive("ann", "bob", "cy")
    it.channels.present.set("client-1", { user: "cy", client: "client-1" })
    const { members } = await it.call("ann", "chat.members", { conversation_id: lobby })
    expect(members.map(({ user, online }) => [user.id, online])).toEqual([
      ["cy", true],
      ["ann", false],
      ["bob", false],
    ])
  })

  test("CHAT-24 a flood is refused with the time to wait, for that user only", async () => {
    await arrive("ann", "bob")
    const outcomes = await Promise.all(Array.from({ length: 30 }, () => codeOf(() => send("ann", "spam"))))
    expect(outcomes.filter((code) => code === "done")).toHaveLength(20)
    expect(new Set(outcomes)).toEqual(new Set(["done", "too_many_requests"]))
    expect(await codeOf(() => send("bob", "calm"))).toBe("done")
    it.clock.advance(1_000)
    expect(await codeOf(() => send("ann", "again"))).toBe("done")
  })

  test("CHAT-19 guests rename themselves, others are named by their site", async () => {
    const guest = { userId: "g_1", info: JSON.stringify({ name: "Mia", guest: true }) }
    await arrive("Ann")
    await it.call(guest, "chat.hello", {})
    expect((await it.call(guest, "chat.profile", { name: " Mia  Lee " })).user.name).toBe("Mia Lee")
    const told = it.channels.pushes.filter(({ push }) => push.type === "user")
    expect(told.map(({ channel }) => channel)).toEqual(["chat:u:g_1", `chat:c:${lobby}`])
    // The token still carries the old name; what is stored counts.
    expect((await it.call(guest, "chat.hello", {})).user.name).toBe("Mia Lee")
    expect(await codeOf(() => it.call(guest, "chat.profile", { name: "ＡＮＮ" }))).toBe("name_taken")
    expect(await codeOf(() => it.call("Ann", "chat.profile", { name: "Other" }))).toBe("permission_denied")
    const renamed = { userId: "Ann", info: JSON.stringify({ name: "Ann B.", avatar: "javascript:alert(1)" }) }
    expect((await it.call(renamed, "chat.hello", {})).user).toEqual({ id: "Ann", name: "Ann B." })
  })

  test("CHAT-19 a token that names nobody leaves the name that is known, from the back end or an earlier token", async () => {
    const bare = { userId: "u-7" }
    expect((await it.call(bare, "chat.hello", {})).user).toEqual({ id: "u-7", name: "u-7" })
    const saved = { id: "u-7", name: "Ann Lee", avatar: "/ann.png" }
    await it.chat.callForBackEnd("chat.users.save", JSON.stringify(saved))
    expect((await it.call(bare, "chat.hello", {})).user).toEqual(saved)
    const restarted = await startChat(subject.store)
    expect((await restarted.call(bare, "chat.hello", {})).user).toEqual(saved)
    const renamed = { userId: "u-7", info: JSON.stringify({ name: "Ann Fox" }) }
    expect((await restarted.call(renamed, "chat.hello", {})).user).toEqual({ id: "u-7", name: "Ann Fox" })
  })

  test("CHAT-25 a site cannot hand out a guest's id, and without an identity nothing may be called", async () => {
    expect(await codeOf(() => it.call({ userId: "g_1", info: '{"name":"x"}' }, "chat.hello", {}))).toBe(
      "permission_denied",
    )
    expect(await codeOf(() => it.call({ userId: "" }, "chat.hello", {}))).toBe("unauthorized")
    expect(await codeOf(() => it.call(it.chat.rooms.anonymous("conn-1", "192.0.2.7"), "chat.hello", {}))).toBe(
      "unauthorized",
    )
  })

  describe("rooms for plain clients", () => {
    test("CHAT-23 what is said there is in the web chat, and the reverse", async () => {
      const { rooms } = it.chat
      await arrive("ann")
      const anonymous = rooms.anonymous("conn-1", "192.0.2.7")
      const entered = await rooms.enter(anonymous, "Lobby", { create: false })
      expect(entered).toEqual({ conversationId: lobby, slug: "lobby", name: "Lobby", channel: `chat:c:${lobby}` })
      expect(
        await codeOf(() =>
          it.chat.owner.ensureMaySubscribe({ ...connection("x"), identity: anonymous }, entered.channel),
        ),
      ).toBe("done")
      const said = await rooms.say(anonymous, lobby, "from a bare socket", { exclude: "conn-1" })
      await send("ann", "from the web")
      expect(said.senderName).toMatch(/^Guest [0-9A-F]{4}$/)
      const web = await it.call("ann", "chat.messages", { conversation_id: lobby })
      expect(web.messages.map(({ body }) => body)).toEqual(["from a bare socket", "from the web"])
      expect(web.users[said.senderId]?.guest).toBe(true)
      const lines = it.channels.pushes
        .map(({ push }) => rooms.line(JSON.stringify(push)))
        .filter((line) => line !== undefined)
      expect(lines.map(({ text, senderName }) => [text, senderName])).toEqual([
        ["from a bare socket", said.senderName],
        ["from the web", "ann"],
      ])
      expect(it.channels.pushes.find(({ exclude }) => exclude === "conn-1")?.push.type).toBe("message")
      expect((await rooms.recent(anonymous, lobby, 10)).map(({ text }) => text)).toEqual([
        "from a bare socket",
        "from the web",
      ])
    })

    test("CHAT-23 signed-in people become members; rooms are made on the fly when configured", async () => {
      const { rooms } = it.chat
      const [one, two] = await Promise.all([
        rooms.enter(person("ann"), "Room 42", { create: true }),
        rooms.enter(person("bob"), "room-42", { create: true }),
      ])
      expect(one.conversationId).toBe(two.conversationId)
      expect((await it.call("ann", "chat.hello", {})).conversations.map(({ slug }) => slug).sort()).toEqual([
        "lobby",
        "room-42",
      ])
      expect(await codeOf(() => rooms.enter(person("ann"), "no-such", { create: false }))).toBe("not_found")
      await rooms.leave(person("ann"), one.conversationId)
      expect(await codeOf(() => rooms.say(person("ann"), one.conversationId, "hi"))).toBe("not_a_member")
      const closed = await startChat(subject.store, { createRooms: "nobody" })
      expect(await codeOf(() => closed.chat.rooms.enter(person("ann"), "new", { create: true }))).toBe("not_found")
    })

    test("CHAT-23 without leave for anonymous people they are refused everywhere", async () => {
      const anonymous = it.chat.rooms.anonymous("conn-1", "192.0.2.7")
      const closed = await startChat(subject.store, { anonymous: false })
      const { rooms, owner } = closed.chat
      expect(() => rooms.anonymous("conn-1", "192.0.2.7")).toThrow("sign in")
      expect(await codeOf(() => rooms.enter(anonymous, "lobby", { create: false }))).toBe("unauthorized")
      expect(await codeOf(() => rooms.say(anonymous, lobby, "hi"))).toBe("unauthorized")
      expect(await codeOf(() => rooms.recent(anonymous, lobby, 5))).toBe("unauthorized")
      expect(
        await codeOf(() => owner.ensureMaySubscribe({ ...connection("x"), identity: anonymous }, `chat:c:${lobby}`)),
      ).toBe("not_a_member")
    })

    test("CHAT-23 a new connection is a new person: those of one network speak and open rooms at the rate of one", async () => {
      const { rooms } = it.chat
      const outcomes = async (address: string, act: (identity: Identity, n: number) => Promise<unknown>) => {
        const codes = []
        for (let n = 0; n < 25; n++) codes.push(await codeOf(() => act(rooms.anonymous(`${address} ${n}`, address), n)))
        return codes.filter((code) => code === "done").length
      }
      const say = (identity: Identity) => rooms.say(identity, lobby, "hi")
      const open = (identity: Identity, n: number) =>
        rooms.enter(identity, `${identity.network ?? "here"} ${n}`, { create: true })
      expect(await outcomes("192.0.2.7", say)).toBe(CHAT_DEFAULTS.rates.write.burst)
      expect(await outcomes("192.0.2.7", open)).toBe(CHAT_DEFAULTS.rates.create.burst)
      // Neither another network nor anybody on this machine is held up by that, nor who enters what there is.
      expect(await outcomes("192.0.2.8", say)).toBe(CHAT_DEFAULTS.rates.write.burst)
      expect(await outcomes("127.0.0.1", say)).toBe(25)
      expect(await outcomes("192.0.2.7", (identity) => rooms.enter(identity, "lobby", { create: false }))).toBe(25)
    })

    test("the back end speaks, asks and opens rooms as often as it likes, as anybody", async () => {
      const { rooms } = it.chat
      const anonymous = { ...rooms.anonymous("conn-1", "192.0.2.7"), backEnd: true }
      const known = { userId: "ann", backEnd: true }
      for (const identity of [anonymous, known]) {
        await rooms.enter(identity, "lobby", { create: false })
        const codes = new Set<string>()
        for (let n = 0; n < 110; n++) {
          codes.add(await codeOf(() => rooms.enter(identity, `${identity.userId} ${n}`, { create: true })))
          codes.add(await codeOf(() => rooms.say(identity, lobby, "hi")))
          codes.add(await codeOf(() => rooms.recent(identity, lobby, 1)))
        }
        expect([...codes]).toEqual(["done"])
      }
      // The same people over another connection have their bounds.
      const later = []
      for (let n = 0; n < 25; n++) later.push(await codeOf(() => rooms.say({ userId: "ann" }, lobby, "hi")))
      expect(later.filter((code) => code === "done")).toHaveLength(CHAT_DEFAULTS.rates.write.burst)
    })

    test("CHAT-23 a direct conversation is closed to anonymous people", async () => {
      await arrive("ann", "bob")
      const { conversation } = await it.call("ann", "chat.direct.open", { user_id: "bob" })
      const anonymous = it.chat.rooms.anonymous("conn-1", "192.0.2.7")
      expect(await codeOf(() => it.chat.rooms.say(anonymous, conversation.id, "hi"))).toBe("not_a_member")
      expect(await codeOf(() => it.chat.rooms.recent(anonymous, conversation.id, 5))).toBe("not_a_member")
    })
  })

  test("every operation has a call, and every answer fits its schema", async () => {
    await arrive("ann", "bob")
    const { message } = await send("ann", "hello @bob")
    const { conversation } = await it.call("ann", "chat.rooms.create", { name: "Tea" })
    const where = { conversation_id: lobby }
    const calls: [Method, object][] = [
      ["chat.hello", {}],
      ["chat.rooms.list", { query: "te" }],
      ["chat.rooms.create", { name: "Coffee" }],
      ["chat.rooms.join", { conversation_id: lobby }],
      ["chat.direct.open", { user_id: "bob" }],
      ["chat.users", { query: "b" }],
      ["chat.members", where],
      ["chat.messages", { ...where, around: 1 }],
      ["chat.catch_up", { conversations: [{ ...where, seq: 0, chg: 0 }] }],
      ["chat.send", { ...where, client_id: "fits-its-schema", text: "yes", reply_to_seq: message.seq }],
      ["chat.edit", { ...where, seq: message.seq, text: "edited" }],
      ["chat.delete", { ...where, seq: message.seq }],
      ["chat.read", { ...where, seq: 1 }],
      ["chat.typing", where],
      ["chat.rooms.leave", { conversation_id: conversation.id }],
    ]
    for (const [method, input] of calls) {
      const answer: unknown = await it.call("ann", method, input as never)
      expect(operations[method].output.parse(answer)).toEqual(answer as never)
    }
    expect([...calls.map(([method]) => method), "chat.profile"].sort()).toEqual(
      Object.keys(operations).sort() as Method[],
    )
  })

  test("CHAT-18 a store that fails at the start stops nothing, and the rooms are made when it is back", async () => {
    let failing = true
    const store = {
      ...subject.store,
      roomBySlug: (input: { slug: string }) =>
        failing ? Promise.reject(new SkeinError("storage_unavailable")) : subject.store.roomBySlug(input),
    }
    const late = await startChat(store, { defaultRooms: ["lobby", "late"] })
    expect(await codeOf(() => late.call("dan", "chat.hello", {}))).toBe("storage_unavailable")
    failing = false
    const { conversations } = await late.call("dan", "chat.hello", {})
    expect(conversations.map(({ slug }) => slug).sort()).toEqual(["late", "lobby"])
  })

  test("a store that takes nothing new turns nobody away who is known", async () => {
    await arrive("ann")
    await send("ann", "kept")
    const full = { ...subject.store, saveUser: () => Promise.reject(new SkeinError("storage_full")) }
    const restarted = await startChat(full)
    const renamed = { userId: "ann", info: JSON.stringify({ name: "Ann B." }) }
    const { messages } = await restarted.call(renamed, "chat.messages", { conversation_id: lobby })
    expect(messages.map(({ body }) => body)).toEqual(["kept"])
    expect(await codeOf(() => restarted.call("new", "chat.hello", {}))).toBe("storage_full")
  })

  test("a push that cannot be delivered fails nothing: what is stored is stored", async () => {
    await arrive("ann")
    it.channels.publish = async () => {
      throw new Error("no broker")
    }
    const { message } = await send("ann", "kept")
    expect(message.seq).toBe(1)
    await until(() => it.logged.some((facts) => "push" in facts))
    const { messages } = await subject.store.page({ conversationId: lobby, userId: "ann", limit: 5 })
    expect(messages.map(({ body }) => body)).toEqual(["kept"])
  })
})

async function until(happened: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1_000 && !happened(); turn++) await new Promise((resolve) => setImmediate(resolve))
  expect(happened()).toBe(true)
}

const connection = (userId: string) =>
  ({ identity: person(userId) }) as never as import("../core/connection.ts").Connection
