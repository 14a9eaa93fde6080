import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import fc from "fast-check"
import { type ChatStore, MAX_ANSWER_BYTES, type StoredMessage, type StoreInput, UNREAD_CAP } from "./contract.ts"
import { guestsContract } from "./guests-suite.ts"
import { mergingContract } from "./merging-suite.ts"
import { codeOf } from "./testing/code-of.ts"

/** A store that is empty at first; `reopen` is the same store after its process has ended and begun again. */
export interface StoreUnderTest {
  readonly store: ChatStore
  reopen(): Promise<ChatStore>
  remove(): Promise<void>
}

const CATCH_UP = { maxMessages: 200, resetPage: 50, maxTotal: 1_000 }

/** The promises of store/contract.ts, for any implementation. Ids in names are rules of spec/chat.md. */
export function storeContract(name: string, make: () => Promise<StoreUnderTest>): void {
  mergingContract(name, make)
  guestsContract(name, make)
  describe(`${name} keeps the store contract`, () => {
    let subject: StoreUnderTest
    let store: ChatStore
    let clientIds = 0
    const room = "c_room"

    beforeEach(async () => {
      subject = await make()
      store = subject.store
      await openRoom(room, "lobby")
      for (const id of ["ann", "bob", "cy"]) await arrive(id)
    })
    afterEach(() => subject.remove())

    const openRoom = (id: string, slug: string, history: "all" | "joined" = "all", ownerId?: string) =>
      store.createRoom({
        id,
        slug,
        name: slug,
        nameKey: slug,
        history,
        maxRooms: 50,
        nowMs: 1,
        ...(ownerId === undefined ? {} : { ownerId, opening: { clientId: `open-${id}`, body: "{}" } }),
      })
    const arrive = (id: string, defaultRooms = [room]) =>
      store.saveUser({ user: { id, name: id, nameKey: id, guest: false }, defaultRooms, nowMs: 1 })
    const say = (senderId: string, body: string, more: Partial<StoreInput<"appendMessage">> = {}) =>
      store.appendMessage({
        conversationId: room,
        senderId,
        clientId: `client-${clientIds++}`,
        kind: "text",
        body,
        mentions: [],
        nowMs: 1_000,
        ...more,
      })
    const sayMany = async (count: number, senderId = "ann") => {
      await Promise.all(Array.from({ length: count }, (_, index) => say(senderId, `text ${index + 1}`)))
    }
    const sayLong = async (count: number) => {
      for (const n of range(1, count)) await say("ann", LONG + n)
    }
    const edit = (userId: string, seq: number, body: string) =>
      store.editMessage({ conversationId: room, seq, userId, body, nowMs: 2_000 })
    const remove = (userId: string, seq: number) =>
      store.deleteMessage({ conversationId: room, seq, userId, nowMs: 2_000 })
    const page = (more: Partial<StoreInput<"page">> = {}) =>
      store.page({ conversationId: room, userId: "bob", limit: 10, ...more })
    const seen = (userId: string) => store.membership({ conversationId: room, userId }).then((m) => m.membership)
    const catchUp = async (seq: number, chg: number, userId = "bob") => {
      const { conversations } = await store.catchUp({
        userId,
        conversations: [{ conversationId: room, seq, chg }],
        ...CATCH_UP,
      })
      return conversations[0]
    }
    const seqs = (messages: readonly StoredMessage[]) => messages.map(({ seq }) => seq)

    describe("messages", () => {
      test("CHAT-1 concurrent sends are numbered 1, 2, 3 … without holes, and come back in that order", async () => {
        const answers = await Promise.all(
          ["ann", "bob", "cy"].flatMap((id) => range(1, 40).map((n) => say(id, `${id} ${n}`))),
        )
        expect(answers.map(({ message }) => message.seq).sort((a, b) => a - b)).toEqual(range(1, 120))
        expect(seqs((await page({ after: 0, limit: 200 })).messages)).toEqual(range(1, 120))
      })

      test("CHAT-1 a refused message leaves no hole", async () => {
        await arrive("stranger", [])
        const outcomes = await Promise.allSettled([
          say("ann", "1"),
          say("stranger", "x"),
          say("ann", "2", { replyToSeq: 99 }),
          say("bob", "3"),
        ])
        expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected", "fulfilled"])
        expect(seqs((await page()).messages)).toEqual([1, 2])
      })

      test("CHAT-3 the same client_id gives the same message for ever", async () => {
        const first = await say("ann", "once", { clientId: "repeat-me" })
        const together = await Promise.all(range(1, 5).map(() => say("ann", "once", { clientId: "repeat-me" })))
        store = await subject.reopen()
        const muchLater = await say("ann", "once", { clientId: "repeat-me", nowMs: 1e12 })
        for (const again of [...together, muchLater]) {
          expect(again.duplicate).toBe(true)
          expect(again.message).toEqual(first.message)
        }
        expect((await page()).seqHead).toBe(1)
      })

      test("CHAT-3 client ids are the sender's own: two people may use the same", async () => {
        await say("ann", "a", { clientId: "same-id-1" })
        expect((await say("bob", "b", { clientId: "same-id-1" })).duplicate).toBe(false)
      })

      test("CHAT-2 what was answered is there after the process has ended", async () => {
        const { message } = await say("ann", "<script>alert(1)</script> 你好 👋🏽\n\tnew line")
        store = await subject.reopen()
        expect((await page()).messages).toEqual([message])
      })

      test("CHAT-7 who is no member can neither write nor read, and is not told what exists", async () => {
        await arrive("stranger", [])
        await say("ann", "private")
        const where = { conversationId: room, userId: "stranger" }
        const attempts = [
          say("stranger", "hi"),
          page({ userId: "stranger" }),
          edit("stranger", 1, "x"),
          remove("stranger", 1),
          store.markRead({ ...where, seq: 1 }),
          store.members({ ...where, first: [], limit: 10 }),
          store.ensureMayRead(where),
          store.membership(where),
          store.membership({ ...where, conversationId: "c_nowhere" }),
        ]
        expect(new Set(await Promise.all(attempts.map(codeOf)))).toEqual(new Set(["not_a_member"]))
        expect(await catchUp(0, 0, "stranger")).toBeUndefined()
      })

      test("CHAT-23 a visitor may read and write a public room, and nothing else", async () => {
        await arrive("visitor", [])
        expect((await say("visitor", "hello", { visitor: true })).message.seq).toBe(1)
        expect(seqs((await page({ userId: "visitor", visitor: true })).messages)).toEqual([1])
        const { membership } = await store.openDirect({ id: "c_d", userId: "ann", peerId: "bob", nowMs: 1 })
        expect(await codeOf(say("visitor", "x", { visitor: true, conversationId: membership.id }))).toBe("not_a_member")
        expect(await codeOf(page({ userId: "visitor", visitor: true, conversationId: membership.id }))).toBe(
          "not_a_member",
        )
      })
    })

    describe("changes", () => {
      test("CHAT-4 edits and deletes count up chg and leave seq alone; a tombstone keeps its place", async () => {
        await sayMany(3)
        const edited = await edit("ann", 2, "better")
        const deleted = await remove("ann", 1)
        expect([edited.change.chg, deleted.change.chg]).toEqual([1, 2])
        expect([deleted.seqHead, deleted.chgHead]).toEqual([3, 2])
        const { messages } = await page()
        expect(messages.map(({ seq, body, state }) => [seq, body, state])).toEqual([
          [1, "", "deleted"],
          [2, "better", "live"],
          [3, "text 3", "live"],
        ])
      })

      test("CHAT-4 doing it twice is doing it once, and answers with the same change", async () => {
        await sayMany(1)
        const edits = [await edit("ann", 1, "new"), await edit("ann", 1, "new")]
        const deletes = [await remove("ann", 1), await remove("ann", 1)]
        expect(edits.map(({ changed }) => changed)).toEqual([true, false])
        expect(edits[1]?.change.chg).toBe(1)
        expect(deletes.map(({ changed, change }) => [changed, change.chg])).toEqual([
          [true, 2],
          [false, 2],
        ])
      })

      test("CHAT-4 a text that was never another is not edited by saying it again", async () => {
        await sayMany(1)
        const { changed, change, chgHead } = await edit("ann", 1, "text 1")
        expect([changed, chgHead, change.message.editedAtMs]).toEqual([false, 0, undefined])
        expect((await edit("ann", 1, "text 2")).change.chg).toBe(1)
      })

      test("CHAT-8 only the sender edits; the sender and the room's owner delete", async () => {
        await openRoom("c_own", "own", "all", "ann")
        await store.join({ conversationId: "c_own", userId: "bob", nowMs: 2 })
        const { message } = await say("bob", "mine", { conversationId: "c_own" })
        const where = { conversationId: "c_own", seq: message.seq, nowMs: 3 }
        await sayMany(1)
        expect(await codeOf(edit("bob", 1, "x"))).toBe("permission_denied")
        expect(await codeOf(remove("bob", 1))).toBe("permission_denied")
        expect(await codeOf(store.editMessage({ ...where, userId: "ann", body: "x" }))).toBe("permission_denied")
        expect((await store.deleteMessage({ ...where, userId: "ann" })).change.message.state).toBe("deleted")
        expect(await codeOf(store.editMessage({ ...where, userId: "bob", body: "x" }))).toBe("conflict")
        expect(await codeOf(edit("ann", 77, "x"))).toBe("not_found")
      })
    })

    describe("history", () => {
      test("CHAT-5 pages join without overlap or hole, although all is of one millisecond", async () => {
        await sayMany(25)
        const newest = await page()
        const before = await page({ before: 16 })
        const oldest = await page({ before: 6 })
        expect([oldest, before, newest].flatMap(({ messages }) => seqs(messages))).toEqual(range(1, 25))
        expect([oldest, before, newest].map(({ hasBefore, hasAfter }) => [hasBefore, hasAfter])).toEqual([
          [false, true],
          [true, true],
          [true, false],
        ])
        const forward = await page({ after: 10 })
        expect(seqs(forward.messages)).toEqual(range(11, 20))
      })

      test("CHAT-5 around shows both sides, and more of one when the other runs out", async () => {
        await sayMany(25)
        expect(seqs((await page({ around: 13 })).messages)).toEqual(range(8, 17))
        expect(seqs((await page({ around: 1 })).messages)).toEqual(range(1, 10))
        expect(seqs((await page({ around: 25 })).messages)).toEqual(range(16, 25))
        expect(seqs((await page({ around: 9_999 })).messages)).toEqual(range(16, 25))
      })

      test("CHAT-5 long messages make pages shorter, and they still join without overlap or hole", async () => {
        await sayLong(70)
        const newest = await page({ limit: 100 })
        expect(bytesOf(newest.messages)).toBeLessThanOrEqual(MAX_ANSWER_BYTES)
        expect([newest.messages.length > 20, newest.hasBefore, newest.hasAfter]).toEqual([true, true, false])
        const older = await page({ limit: 100, before: newest.messages[0]?.seq ?? 0 })
        expect([...older.messages, ...newest.messages].map(({ seq }) => seq).slice(-60)).toEqual(range(11, 70))
        const forward = await page({ limit: 100, after: 3 })
        expect([forward.messages[0]?.seq, forward.hasBefore, forward.hasAfter]).toEqual([4, true, true])
        const around = seqs((await page({ limit: 70, around: 35 })).messages)
        expect(around).toEqual(range(around[0] ?? 0, around.at(-1) ?? 0))
        expect([(around[0] ?? 99) < 30, (around.at(-1) ?? 0) > 40]).toEqual([true, true])
      })

      test("CHAT-5 pages of nothing are empty and say so", async () => {
        expect(await page()).toMatchObject({ messages: [], hasBefore: false, hasAfter: false, seqHead: 0 })
        await sayMany(3)
        expect(await page({ before: 1 })).toMatchObject({ messages: [], hasBefore: false, hasAfter: true })
        expect(await page({ after: 3 })).toMatchObject({ messages: [], hasBefore: true, hasAfter: false })
      })

      test("CHAT-9 who joins later sees from there on when the room says so, also after leaving and joining again", async () => {
        await openRoom("c_new", "new", "joined", "ann")
        const inNew = { conversationId: "c_new" }
        await say("ann", "before", inNew)
        await store.join({ ...inNew, userId: "bob", nowMs: 1 })
        await say("ann", "between", inNew)
        await store.leave({ ...inNew, userId: "bob" })
        await say("ann", "away", inNew)
        await store.join({ ...inNew, userId: "bob", nowMs: 1 })
        expect((await page(inNew)).messages).toEqual([])
        await say("ann", "after", inNew)
        const visible = await page({ ...inNew, before: 99 })
        expect(visible.messages.map(({ body }) => body)).toEqual(["after"])
        expect(visible.hasBefore).toBe(false)
        await store.deleteMessage({ ...inNew, seq: 2, userId: "ann", nowMs: 5 })
        const { conversations } = await store.catchUp({
          userId: "bob",
          conversations: [{ ...inNew, seq: 0, chg: 0 }],
          ...CATCH_UP,
        })
        expect(conversations[0]?.messages.map(({ body }) => body)).toEqual(["after"])
        expect(conversations[0]?.changes).toEqual([])
      })
    })

    describe("catching up", () => {
      test("CHAT-6 messages and changes since the held heads, all of them", async () => {
        await sayMany(10)
        await edit("ann", 2, "while you were away")
        await remove("ann", 3)
        const missed = await catchUp(7, 0)
        expect(seqs(missed?.messages ?? [])).toEqual([8, 9, 10])
        expect(missed?.changes.map(({ chg, seq, op }) => [chg, seq, op])).toEqual([
          [1, 2, "edit"],
          [2, 3, "delete"],
        ])
        expect(missed?.changes[0]?.message.body).toBe("while you were away")
        expect(missed).toMatchObject({ seqHead: 10, chgHead: 2 })
        expect(missed?.gap).toBeUndefined()
        expect(await catchUp(10, 2)).toMatchObject({ messages: [], changes: [] })
      })

      test("CHAT-6 1000 messages missed: the newest page, and the gap exactly", async () => {
        await sayMany(1_000)
        const missed = await catchUp(10, 0)
        expect(seqs(missed?.messages ?? [])).toEqual(range(951, 1_000))
        expect(missed?.gap).toEqual([11, 950])
        expect(missed?.unread).toBe(UNREAD_CAP)
      })

      test("CHAT-6 exactly the bound comes whole, one more is a gap", async () => {
        await sayMany(201)
        expect((await catchUp(1, 0))?.gap).toBeUndefined()
        expect((await catchUp(0, 0))?.gap).toEqual([1, 151])
      })

      test("CHAT-6 too many changes, forgotten changes and heads from elsewhere: everything held is void", async () => {
        await sayMany(5)
        for (const n of range(1, 201)) await edit("ann", 1, `edit ${n}`)
        expect(await catchUp(5, 0)).toMatchObject({ gap: [1, 0], changes: [] })
        expect((await catchUp(5, 1))?.changes).toHaveLength(200)
        expect(await catchUp(900, 201)).toMatchObject({ gap: [1, 0], seqHead: 5 })
        expect(await store.forgetChanges({ beforeMs: 3_000 })).toEqual({ forgotten: 201 })
        expect(await catchUp(5, 200)).toMatchObject({ gap: [1, 0] })
        expect(await catchUp(5, 201)).toMatchObject({ changes: [] })
        expect((await edit("ann", 1, "edit 201")).changed).toBe(false)
        expect((await edit("ann", 1, "one more")).change.chg).toBe(202)
        expect((await catchUp(5, 201))?.changes.map(({ chg }) => chg)).toEqual([202])
      })

      test("CHAT-6 long messages count for more: the newest page that fits, and the gap exactly", async () => {
        await sayLong(70)
        const missed = await catchUp(0, 0)
        const first = missed?.messages[0]?.seq ?? 0
        expect(bytesOf(missed?.messages ?? [])).toBeLessThanOrEqual(MAX_ANSWER_BYTES)
        expect(seqs(missed?.messages ?? [])).toEqual(range(first, 70))
        expect(missed?.gap).toEqual([1, first - 1])
        expect((await catchUp(40, 0))?.gap).toBeUndefined()
      })

      test("CHAT-6 many changes to long messages: what is held is void, instead of an answer without bounds", async () => {
        await sayLong(1)
        for (const n of range(2, 101)) await edit("ann", 1, LONG + n)
        const missed = await catchUp(1, 0)
        expect(missed).toMatchObject({ changes: [], gap: [1, 0], chgHead: 100 })
        expect(seqs(missed?.messages ?? [])).toEqual([1])
        expect((await catchUp(1, 95))?.changes).toHaveLength(5)
      })

      test("CHAT-6 one call stays bounded over many conversations, and says so in each", async () => {
        const held = []
        for (const n of range(1, 8)) {
          const conversationId = `c_many_${n}`
          await openRoom(conversationId, `many-${n}`, "all", "ann")
          await store.join({ conversationId, userId: "bob", nowMs: 1 })
          await Promise.all(range(1, 150).map(() => say("ann", "x", { conversationId })))
          held.push({ conversationId, seq: 1, chg: 0 })
        }
        const { conversations } = await store.catchUp({
          userId: "bob",
          conversations: held,
          ...CATCH_UP,
          maxTotal: 400,
        })
        expect(conversations).toHaveLength(8)
        const sent = conversations.map(({ messages }) => messages.length)
        expect(sent.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(400 + 8 * 10)
        for (const { messages, gap, seqHead } of conversations) {
          const from = gap ? gap[1] + 1 : 2
          expect(seqs(messages)).toEqual(range(from, seqHead))
        }
      })
    })

    describe("reading", () => {
      test("CHAT-10 the cursor moves forward only, and not beyond the end", async () => {
        await sayMany(5)
        const read = (seq: number) => store.markRead({ conversationId: room, userId: "bob", seq })
        expect(await read(3)).toMatchObject({ readSeq: 3, unread: 2, moved: true })
        expect(await read(1)).toMatchObject({ readSeq: 3, moved: false })
        expect(await read(99)).toMatchObject({ readSeq: 5, unread: 0, moved: true })
      })

      test("CHAT-11 own, system and deleted messages are not unread; the count stops at the cap", async () => {
        await say("ann", "one")
        await say("ann", "{}", { kind: "system" })
        await say("bob", "mine")
        await say("ann", "gone")
        await remove("ann", 4)
        expect((await seen("bob")).unread).toBe(1)
        await sayMany(UNREAD_CAP + 20)
        expect((await seen("bob")).unread).toBe(UNREAD_CAP)
      })

      test("CHAT-12 speaking at the end reads along, speaking behind does not", async () => {
        await say("bob", "at the end")
        expect((await seen("bob")).readSeq).toBe(1)
        await say("ann", "unseen")
        await say("bob", "behind")
        expect(await seen("bob")).toMatchObject({ readSeq: 1, unread: 1 })
      })

      test("CHAT-11 any mix of sending, editing, deleting and reading on three devices: unread equals a recount", async () => {
        let round = 0
        const step = fc.record({
          who: fc.constantFrom("ann", "bob", "cy"),
          what: fc.constantFrom("send", "send", "send", "edit", "delete", "read"),
          at: fc.double({ min: 0, max: 1, noNaN: true }),
        })
        const steps = fc.array(step, { minLength: 1, maxLength: 30 })
        await fc.assert(
          fc.asyncProperty(steps, async (moves) => {
            const conversationId = `c_mix_${round++}`
            await openRoom(conversationId, `mix-${round}`, "all", "ann")
            for (const userId of ["bob", "cy"]) await store.join({ conversationId, userId, nowMs: 1 })
            await Promise.all(moves.map((move) => play(conversationId, move)))
            const { messages } = await page({ conversationId, after: 0, limit: 100 })
            expect(seqs(messages)).toEqual(range(1, messages.length))
            for (const userId of ["ann", "bob", "cy"]) {
              const { membership } = await store.membership({ conversationId, userId })
              const recount = messages.filter(
                (m) => m.seq > membership.readSeq && m.senderId !== userId && m.kind === "text" && m.state === "live",
              )
              expect(membership.unread).toBe(recount.length)
              const { memberships } = await store.hello({ userId, limit: 500 })
              expect(memberships.find(({ id }) => id === conversationId)?.unread).toBe(recount.length)
            }
          }),
          { numRuns: 25 },
        )
      })

      const play = async (conversationId: string, { who, what, at }: { who: string; what: string; at: number }) => {
        const seq = 1 + Math.floor(at * 20)
        if (what === "send") await say(who, "mixed", { conversationId })
        else if (what === "read") await store.markRead({ conversationId, userId: who, seq })
        else if (what === "edit")
          await refusable(store.editMessage({ conversationId, seq, userId: who, body: `e${at}`, nowMs: 1 }))
        else await refusable(store.deleteMessage({ conversationId, seq, userId: who, nowMs: 1 }))
      }

      test("CHAT-13 a mention is counted for the one with the longest fitting name, until read", async () => {
        await store.saveUser({
          user: { id: "zhang", name: "张三", nameKey: "张三", guest: false },
          defaultRooms: [room],
          nowMs: 1,
        })
        await say("ann", "@张三你好", { mentions: [["张", "张三", "张三你", "张三你好"]] })
        const mentioned = await seen("zhang")
        expect([mentioned.mentions, mentioned.unread]).toEqual([1, 1])
        expect((await seen("bob")).mentions).toBe(0)
        await store.markRead({ conversationId: room, userId: "zhang", seq: 1 })
        expect((await seen("zhang")).mentions).toBe(0)
      })
    })

    describe("hello", () => {
      test("CHAT-39 the last active come first, with their last messages and who wrote them, and whether there are more", async () => {
        for (const n of range(1, 4)) await openRoom(`c_${n}`, `room-${n}`, "all", "ann")
        for (const n of [3, 1, 4, 2]) await say("ann", `in ${n}`, { conversationId: `c_${n}`, nowMs: 10_000 - n })
        await store.join({ conversationId: "c_1", userId: "bob", nowMs: 1 })
        await say("bob", "bob was here", { conversationId: "c_1", nowMs: 20_000 })
        const hello = await store.hello({ userId: "ann", limit: 3 })
        expect(hello.memberships.map(({ id, lastMessage }) => [id, lastMessage?.body])).toEqual([
          ["c_1", "bob was here"],
          ["c_2", "in 2"],
          ["c_3", "in 3"],
        ])
        expect([hello.users.map(({ id }) => id).sort(), hello.hasMore]).toEqual([["ann", "bob"], true])
        expect((await store.hello({ userId: "ann", limit: 5 })).hasMore).toBe(false)
      })

      test("CHAT-39 long last messages do not make it grow without bounds: the longest silent go without", async () => {
        await Promise.all(range(1, 49).map((n) => openRoom(`c_${n}`, `room-${n}`, "all", "ann")))
        for (const n of range(1, 49)) await say("ann", LONG, { conversationId: `c_${n}`, nowMs: 1_000 + n })
        const { memberships } = await store.hello({ userId: "ann", limit: 50 })
        const last = memberships.map(({ lastMessage }) => lastMessage)
        const shown = last.filter((message) => message !== undefined)
        expect(bytesOf(shown)).toBeLessThanOrEqual(MAX_ANSWER_BYTES)
        expect(shown.length).toBeGreaterThan(20)
        expect(last.slice(0, shown.length)).toEqual(shown)
        expect(memberships).toHaveLength(50)
      })
    })

    describe("rooms and people", () => {
      test("CHAT-14 joining twice is joining once; what was said before is not unread", async () => {
        await arrive("dan", [])
        await sayMany(5)
        const join = () => store.join({ conversationId: room, userId: "dan", nowMs: 5 })
        const answers = await Promise.all([join(), join()])
        expect(answers.map(({ joined }) => joined)).toEqual([true, false])
        expect(answers[1]?.membership).toMatchObject({ memberCount: 4, readSeq: 5, unread: 0, joinedSeq: 5 })
        expect(await codeOf(store.join({ conversationId: "c_nowhere", userId: "dan", nowMs: 1 }))).toBe("not_found")
        expect(await codeOf(store.join({ conversationId: room, userId: "nobody", nowMs: 1 }))).toBe("not_found")
      })

      test("CHAT-15 who has left is out at once; the room's owner leaves it to the longest-standing member", async () => {
        await openRoom("c_own", "own", "all", "ann")
        for (const [nowMs, userId] of ["bob", "cy"].entries())
          await store.join({ conversationId: "c_own", userId, nowMs })
        const leave = () => store.leave({ conversationId: "c_own", userId: "ann" })
        expect(await leave()).toEqual({ left: true, memberCount: 2 })
        expect(await leave()).toEqual({ left: false, memberCount: 2 })
        expect(await codeOf(say("ann", "still here", { conversationId: "c_own" }))).toBe("not_a_member")
        const { members } = await store.members({ conversationId: "c_own", userId: "bob", first: [], limit: 10 })
        expect(members.map(({ user, role }) => [user.id, role])).toEqual([
          ["bob", "owner"],
          ["cy", "member"],
        ])
      })

      test("CHAT-16 two people have one direct conversation, whoever opens it, however often", async () => {
        const open = (id: string, userId: string, peerId: string) => store.openDirect({ id, userId, peerId, nowMs: 1 })
        const answers = await Promise.all([
          open("c_1", "ann", "bob"),
          open("c_2", "bob", "ann"),
          open("c_3", "ann", "bob"),
        ])
        expect(new Set(answers.map(({ membership }) => membership.id)).size).toBe(1)
        expect(answers.filter(({ created }) => created)).toHaveLength(1)
        expect(answers.map(({ membership }) => membership.peer?.id)).toEqual(["bob", "ann", "bob"])
        expect(await codeOf(open("c_4", "ann", "nobody"))).toBe("not_found")
        const id = answers[0]?.membership.id ?? ""
        expect(await codeOf(store.leave({ conversationId: id, userId: "ann" }))).toBe("bad_request")
        expect(await codeOf(store.join({ conversationId: id, userId: "cy", nowMs: 1 }))).toBe("not_found")
      })

      test("CHAT-16 an empty direct conversation is seen by who opened it; the first message introduces it", async () => {
        await store.openDirect({ id: "c_d", userId: "ann", peerId: "bob", nowMs: 1 })
        const directs = async (userId: string) =>
          (await store.hello({ userId, limit: 50 })).memberships.filter(({ kind }) => kind === "direct").length
        expect([await directs("ann"), await directs("bob")]).toEqual([1, 0])
        const first = await say("ann", "hi", { conversationId: "c_d" })
        const second = await say("ann", "there", { conversationId: "c_d" })
        expect([first.introduceTo, second.introduceTo]).toEqual(["bob", undefined])
        expect([await directs("ann"), await directs("bob")]).toEqual([1, 1])
      })

      test("CHAT-17 one slug, one room; asking again with the same id finds it", async () => {
        expect((await openRoom(room, "lobby")).created).toBe(false)
        expect(await codeOf(openRoom("c_other", "lobby"))).toBe("name_taken")
        expect(await codeOf(store.roomBySlug({ slug: "nowhere" }))).toBe("not_found")
        expect((await store.roomBySlug({ slug: "lobby" })).conversation.id).toBe(room)
        const tooMany = store.createRoom({
          id: "c_x",
          slug: "x",
          name: "x",
          nameKey: "x",
          history: "all",
          maxRooms: 1,
          nowMs: 1,
        })
        expect(await codeOf(tooMany)).toBe("limit_exceeded")
      })

      test("CHAT-17 rooms are found by any part of their name, wildcards taken literally, the fullest first", async () => {
        await openRoom("c_a", "订单-发货", "all", "ann")
        await openRoom("c_b", "100%-off", "all", "ann")
        const found = async (queryKey: string) =>
          (await store.listRooms({ queryKey, limit: 10 })).rooms.map(({ id }) => id)
        expect(await found("发货")).toEqual(["c_a"])
        expect(await found("0%-")).toEqual(["c_b"])
        expect(await found("%")).toEqual(["c_b"])
        expect((await store.listRooms({ limit: 10 })).rooms[0]?.id).toBe(room)
        expect((await store.listRooms({ notOf: "ann", limit: 10 })).rooms).toEqual([])
      })

      test("CHAT-18 default rooms are joined once, at the first sign-in", async () => {
        const first = await arrive("dan")
        expect([first.created, first.joined.map(({ id }) => id)]).toEqual([true, [room]])
        await store.leave({ conversationId: room, userId: "dan" })
        expect(await arrive("dan")).toMatchObject({ created: false, joined: [] })
        expect(await codeOf(store.membership({ conversationId: room, userId: "dan" }))).toBe("not_a_member")
      })

      test("CHAT-19 a guest's name is nobody else's, until its owner has long been away", async () => {
        const guest = (id: string, nameKey: string, nowMs: number) =>
          store.saveUser({
            user: { id, name: nameKey, nameKey, guest: true },
            defaultRooms: [],
            nowMs,
            uniqueSinceMs: nowMs - 1_000,
          })
        await guest("g_1", "mia", 10_000)
        expect(await codeOf(guest("g_2", "mia", 10_500))).toBe("name_taken")
        expect(await codeOf(guest("g_2", "ann", 99_999))).toBe("name_taken")
        expect((await guest("g_1", "mia", 10_600)).created).toBe(false)
        await store.touchUser({ userId: "g_1", nowMs: 11_500 })
        expect(await codeOf(guest("g_2", "mia", 12_000))).toBe("name_taken")
        expect((await guest("g_2", "mia", 13_000)).created).toBe(true)
      })

      test("people are found by the beginning of their name", async () => {
        for (const id of ["anna", "annika", "anon_1"]) await arrive(id)
        const find = async (prefix: string) =>
          (await store.findUsers({ prefix, exceptId: "ann", hiddenPrefix: "anon_", limit: 10 })).users.map(
            ({ id }) => id,
          )
        expect(await find("ann")).toEqual(["anna", "annika"])
        expect(await find("")).toEqual(["anna", "annika", "bob", "cy"])
        expect(await find("%")).toEqual([])
      })

      test("members: those named first come first, then the others by name", async () => {
        const { members, total } = await store.members({ conversationId: room, userId: "ann", first: ["cy"], limit: 2 })
        expect([members.map(({ user }) => user.id), total]).toEqual([["cy", "ann"], 3])
      })

      test("CHAT-26 an ended login stays ended, until it would have ended by itself", async () => {
        const ended = async () => (await store.isSessionEnded({ sessionId: "l_1" })).ended
        expect(await ended()).toBe(false)
        await store.endSession({ sessionId: "l_1", untilMs: 100, nowMs: 1 })
        await store.endSession({ sessionId: "l_1", untilMs: 100, nowMs: 2 })
        store = await subject.reopen()
        expect(await ended()).toBe(true)
        await store.endSession({ sessionId: "l_2", untilMs: 300, nowMs: 200 })
        expect(await ended()).toBe(false)
      })
    })
  })
}

/** As long as a message may be, in the bytes of Chinese. */
const LONG = "汉".repeat(3_990)

const bytesOf = (messages: readonly StoredMessage[]): number =>
  messages.reduce((sum, { body }) => sum + Buffer.byteLength(body), 0)

const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i)

const EXPECTED = new Set(["not_found", "permission_denied", "conflict"])

async function refusable(attempt: Promise<unknown>): Promise<void> {
  const code = await codeOf(attempt)
  if (code !== "done") expect(EXPECTED).toContain(code)
}
