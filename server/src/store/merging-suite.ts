import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import fc from "fast-check"
import { type ChatStore, type StoredMessage, type StoreInput, UNREAD_CAP } from "./contract.ts"
import type { StoreUnderTest } from "./contract-suite.ts"
import { codeOf } from "./testing/code-of.ts"

/** A guest becomes a member: that part of the store contract, for any implementation. */
export function mergingContract(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(`${name}: a guest becomes a member`, () => {
    let subject: StoreUnderTest
    let store: ChatStore
    let clientIds = 0
    const room = "c_room"

    beforeEach(async () => {
      subject = await make()
      store = subject.store
      await openRoom(store, room)
      for (const id of ["ann", "bob"]) await arrive(store, id)
      await arrive(store, "g_1", [room], true)
    })
    afterEach(() => subject.remove())

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
    const merge = (userId = "ann", guestId = "g_1") => store.mergeGuest({ guestId, userId, nowMs: 5_000 })
    const read = (userId: string, seq: number, conversationId = room) => store.markRead({ conversationId, userId, seq })
    const seen = async (userId: string, conversationId = room) =>
      (await store.membership({ conversationId, userId })).membership
    const direct = async (userId: string, peerId: string) =>
      (await store.openDirect({ id: `c_${userId}_${peerId}`, userId, peerId, nowMs: 1 })).membership.id

    test("CHAT-36 messages keep their places and are the member's: he edits them, they are not unread for him", async () => {
      const { message } = await say("g_1", "as a guest")
      await say("bob", "hello guest")
      const { merged, guest, user, conversations } = await merge()
      expect([merged, guest.id, user.id]).toEqual([true, "g_1", "ann"])
      expect(conversations).toMatchObject([{ conversationId: room, seqHead: 2, chgHead: 1, memberCount: 2 }])
      store = await subject.reopen()
      const page = await store.page({ conversationId: room, userId: "bob", limit: 10 })
      expect(page.messages.map(({ seq, senderId, body }) => [seq, senderId, body])).toEqual([
        [1, "ann", "as a guest"],
        [2, "bob", "hello guest"],
      ])
      expect(page.users.map(({ id }) => id).sort()).toEqual(["ann", "bob"])
      expect((await seen("ann")).unread).toBe(1)
      const edited = await store.editMessage({
        conversationId: room,
        seq: 1,
        userId: "ann",
        body: "mine",
        nowMs: 6_000,
      })
      expect(edited.change.message).toMatchObject({ senderId: "ann", clientId: message.clientId })
    })

    test("CHAT-36 what the guest sent is found again by its client id, whoever repeats it", async () => {
      const first = await say("g_1", "once", { clientId: "from-the-outbox" })
      await merge()
      const again = await say("ann", "once", { clientId: "from-the-outbox" })
      expect([again.duplicate, again.message.seq]).toEqual([true, first.message.seq])
    })

    test("CHAT-36 one client id used as guest and as member: both messages stay, the member's keeps it", async () => {
      await say("ann", "a", { clientId: "the-same-id" })
      await say("g_1", "g", { clientId: "the-same-id" })
      await merge()
      const { messages } = await store.page({ conversationId: room, userId: "bob", limit: 10 })
      expect(messages.map(({ body, senderId }) => [body, senderId])).toEqual([
        ["a", "ann"],
        ["g", "ann"],
      ])
      expect(new Set(messages.map(({ clientId }) => clientId)).size).toBe(2)
      expect((await say("ann", "?", { clientId: "the-same-id" })).message.body).toBe("a")
    })

    test("CHAT-36 done twice it is done once, and answers the same; nobody else gets it", async () => {
      await say("g_1", "x")
      const first = await merge()
      const second = await merge()
      expect(second).toEqual({ ...first, merged: false })
      expect((await seen("bob")).chgHead).toBe(1)
      expect(await codeOf(merge("bob"))).toBe("conflict")
      expect((await store.page({ conversationId: room, userId: "bob", limit: 9 })).messages[0]?.senderId).toBe("ann")
    })

    test("CHAT-36 two merges at once: one wins, whole", async () => {
      await say("g_1", "x")
      const codes = await Promise.all([codeOf(merge("ann")), codeOf(merge("bob"))])
      expect(codes.sort()).toEqual(["conflict", "done"])
    })

    test("CHAT-37 the guest no longer exists, and does not come back", async () => {
      await merge()
      expect((await store.users({ ids: ["g_1"] })).users).toEqual([])
      expect(await codeOf(arrive(store, "g_1", [room], true))).toBe("unauthorized")
      expect(await codeOf(say("g_1", "late"))).toBe("not_a_member")
      expect(await codeOf(seen("g_1"))).toBe("not_a_member")
      expect((await store.hello({ userId: "g_1", limit: 10 })).memberships).toEqual([])
      await arrive(store, "mia", [], false, "g_1")
    })

    test("CHAT-36 only a guest becomes a user, and only a user known here", async () => {
      await arrive(store, "g_2", [room], true)
      expect(await codeOf(merge("nobody"))).toBe("not_found")
      expect(await codeOf(merge("ann", "g_nobody"))).toBe("not_found")
      expect(await codeOf(merge("ann", "bob"))).toBe("not_found")
      expect(await codeOf(merge("g_2", "g_1"))).toBe("bad_request")
      expect((await seen("g_1")).memberCount).toBe(4)
    })

    test("CHAT-36 one membership is left of two: the higher role, the further cursor, the earlier joining", async () => {
      await openRoom(store, "c_own", "g_1")
      await say("bob", "1")
      await say("bob", "2")
      await read("g_1", 2)
      await read("ann", 1)
      await store.join({ conversationId: "c_own", userId: "ann", nowMs: 2 })
      await merge()
      expect(await seen("ann")).toMatchObject({ readSeq: 2, memberCount: 2, unread: 0 })
      expect(await seen("ann", "c_own")).toMatchObject({ role: "owner", memberCount: 1, joinedSeq: 0 })
      const { members, total } = await store.members({ conversationId: room, userId: "bob", first: [], limit: 10 })
      expect([members.map(({ user }) => user.id), total]).toEqual([["ann", "bob"], 2])
    })

    test("CHAT-36 rooms only the guest was in are the member's, with what was unread", async () => {
      await openRoom(store, "c_shop")
      for (const userId of ["g_1", "bob"]) await store.join({ conversationId: "c_shop", userId, nowMs: 2 })
      await say("bob", "offer", { conversationId: "c_shop" })
      await merge()
      expect(await seen("ann", "c_shop")).toMatchObject({ unread: 1, memberCount: 2, role: "member" })
    })

    test("CHAT-36 who joined just now has not read what he had unread before", async () => {
      await say("bob", "1")
      await read("ann", 1)
      for (const body of ["2", "3"]) await say("bob", body)
      await arrive(store, "g_2", [room], true)
      await merge("ann", "g_2")
      expect(await seen("ann")).toMatchObject({ readSeq: 1, unread: 2 })
      // The other way round: a member made this moment, a guest who was here before.
      await arrive(store, "new", [room])
      await merge("new")
      expect(await seen("new")).toMatchObject({ readSeq: 0, unread: 3 })
    })

    test("CHAT-36 a direct conversation stays, with the member in it", async () => {
      const id = await direct("g_1", "bob")
      await say("g_1", "where is my order?", { conversationId: id })
      await say("bob", "on its way", { conversationId: id })
      expect((await merge()).conversations.find(({ conversationId }) => conversationId === id)).toMatchObject({
        peerId: "bob",
        seqHead: 2,
      })
      expect(await seen("ann", id)).toMatchObject({ unread: 1, peer: { id: "bob" } })
      expect(await seen("bob", id)).toMatchObject({ peer: { id: "ann" } })
      expect(await direct("bob", "ann")).toBe(id)
    })

    test("CHAT-36 of two with the same person one is left, and everything said is in it", async () => {
      const members = await direct("ann", "bob")
      await say("ann", "last year", { conversationId: members })
      await say("bob", "yes", { conversationId: members })
      for (const id of ["ann", "bob"]) await read(id, 2, members)
      const guests = await direct("g_1", "bob")
      await say("g_1", "me again", { conversationId: guests })
      await read("bob", 1, guests)
      await say("bob", "who?", { conversationId: guests })
      await say("g_1", "ann!", { conversationId: guests, replyToSeq: 2 })
      expect((await merge()).conversations).toContainEqual({
        conversationId: members,
        movedFrom: guests,
        peerId: "bob",
        seqHead: 5,
        chgHead: 0,
        memberCount: 2,
      })
      const { messages } = await store.page({ conversationId: members, userId: "bob", limit: 10 })
      expect(messages.map(({ seq, senderId, body }) => `${seq} ${senderId} ${body}`)).toEqual([
        "1 ann last year",
        "2 bob yes",
        "3 ann me again",
        "4 bob who?",
        "5 ann ann!",
      ])
      expect(messages[4]?.replyToSeq).toBe(4)
      expect(await codeOf(seen("bob", guests))).toBe("not_a_member")
      expect(await seen("ann", members)).toMatchObject({ readSeq: 3, unread: 1 })
      // Had read all here, and all but the last there.
      expect((await seen("bob", members)).unread).toBe(1)
    })

    test("CHAT-36 a talk between the guest and the member himself is his with himself", async () => {
      const id = await direct("g_1", "ann")
      await say("g_1", "hello shop", { conversationId: id })
      await say("ann", "hello me", { conversationId: id })
      await merge()
      expect(await seen("ann", id)).toMatchObject({ memberCount: 1, unread: 0, peer: { id: "ann" } })
      await say("ann", "a note", { conversationId: id })
      await arrive(store, "g_2", [room], true)
      const second = await direct("g_2", "ann")
      await say("g_2", "hello again", { conversationId: second })
      await merge("ann", "g_2")
      expect(await seen("ann", id)).toMatchObject({ memberCount: 1, seqHead: 4, unread: 0 })
    })

    test("CHAT-36 mentions of the guest call the member; nobody is called by himself", async () => {
      await say("bob", "@g_1 look", { mentions: [["g_1"]] })
      await say("bob", "@g_1 and @ann", { mentions: [["g_1"], ["ann"]] })
      await say("g_1", "@ann?", { mentions: [["ann"]] })
      expect([(await seen("g_1")).mentions, (await seen("ann")).mentions]).toEqual([2, 2])
      await merge()
      expect((await seen("ann")).mentions).toBe(2)
    })

    test("CHAT-36 who missed it and holds messages of the guest gets a reset; where he only listened nobody does", async () => {
      await openRoom(store, "c_quiet")
      for (const userId of ["g_1", "bob"]) await store.join({ conversationId: "c_quiet", userId, nowMs: 2 })
      await say("bob", "quiet", { conversationId: "c_quiet" })
      await say("g_1", "spoken")
      await store.editMessage({ conversationId: room, seq: 1, userId: "g_1", body: "edited", nowMs: 2_000 })
      await merge()
      const { conversations, users } = await store.catchUp({
        userId: "bob",
        conversations: [
          { conversationId: room, seq: 1, chg: 1 },
          { conversationId: "c_quiet", seq: 1, chg: 0 },
        ],
        maxMessages: 200,
        resetPage: 50,
        maxTotal: 1_000,
      })
      expect(conversations[0]).toMatchObject({ chgHead: 2, gap: [1, 0], messages: [{ seq: 1, senderId: "ann" }] })
      expect(conversations[1]?.gap).toBeUndefined()
      expect(users).toContainEqual({ id: "ann", name: "ann", guest: false })
      await store.forgetChanges({ beforeMs: 9_999 })
      const later = await store.editMessage({ conversationId: room, seq: 1, userId: "ann", body: "again", nowMs: 1e4 })
      expect(later.change.chg).toBe(3)
    })

    // What only the guest's last memberships could show is compared to a count from scratch.
    const ids = ["ann", "bob", "g_1"] as const
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.tuple(fc.constant("say"), fc.nat(2), fc.nat(3), fc.nat(9)) },
      { weight: 3, arbitrary: fc.tuple(fc.constant("read"), fc.nat(2), fc.nat(3), fc.nat(20)) },
      { weight: 1, arbitrary: fc.tuple(fc.constant("leave"), fc.nat(2), fc.nat(3), fc.nat(1)) },
      { weight: 2, arbitrary: fc.tuple(fc.constant("join"), fc.nat(2), fc.nat(3), fc.nat(1)) },
      { weight: 2, arbitrary: fc.tuple(fc.constant("change"), fc.nat(2), fc.nat(3), fc.nat(9)) },
    )
    test("CHAT-36 merged at any moment, numbers, cursors, unread and mentions equal a recount", async () => {
      let runs = 0
      const property = fc.asyncProperty(
        fc.array(step, { maxLength: 25 }),
        fc.array(step, { maxLength: 12 }),
        async (before, after) => {
          const run = `${runs++}`
          const people = ids.map((id) => `${id}_${run}`) as [string, string, string]
          const [ann, bob, guest] = people
          const rooms = [`c_a${run}`, `c_b${run}`]
          for (const id of rooms) await openRoom(store, id)
          for (const id of people) await arrive(store, id, rooms.slice(0, 1), id === guest)
          const directs = [
            await direct(ann, bob),
            (
              await store.openDirect({
                id: `c_d${run}`,
                userId: guest,
                peerId: run.endsWith("7") ? ann : bob,
                nowMs: 1,
              })
            ).membership.id,
          ]
          const places = [...rooms, ...directs]
          let isMerged = false
          const perform = async ([what, who, where, n]: (typeof before)[number]) => {
            const userId = isMerged && who === 2 ? ann : (people[who] as string)
            const conversationId = places[where] as string
            const attempt = {
              say: () =>
                say(userId, n % 2 ? `@${ann}` : "…", {
                  conversationId,
                  clientId: `${run}-${n}-${who === 2 ? 0 : who}-${where}`,
                  mentions: n % 2 ? [[ann], [guest]] : [],
                }),
              read: () => read(userId, n, conversationId),
              leave: () => store.leave({ conversationId, userId }),
              join: () => store.join({ conversationId, userId, nowMs: 3 }),
              change: () =>
                n % 2
                  ? store.deleteMessage({ conversationId, seq: n, userId, nowMs: 4 })
                  : store.editMessage({ conversationId, seq: n, userId, body: `e${n}`, nowMs: 4 }),
            }[what as "say" | "read" | "leave" | "join" | "change"]
            const code = await codeOf(attempt())
            expect([...REFUSALS, "done"]).toContain(code)
          }
          for (const one of before) await perform(one)
          const heldBefore = (await store.hello({ userId: guest, limit: 50 })).memberships
          await merge(ann, guest)
          isMerged = true
          const held = new Set((await store.hello({ userId: ann, limit: 50 })).memberships.map(({ id }) => id))
          for (const { id, kind } of heldBefore) if (kind === "room") expect(held).toContain(id)
          for (const one of after) await perform(one)
          for (const userId of [ann, bob]) await expectRecounted(store, userId, [ann, bob], guest)
        },
      )
      await fc.assert(property, { numRuns: 60 })
    }, 60_000)
  })
}

const REFUSALS = ["not_found", "permission_denied", "conflict", "not_a_member", "bad_request"]

async function expectRecounted(store: ChatStore, userId: string, known: readonly string[], guest: string) {
  const { memberships } = await store.hello({ userId, limit: 50 })
  const peers = memberships.flatMap(({ peer }) => peer?.id ?? [])
  expect(new Set(peers).size).toBe(peers.length)
  expect(peers).not.toContain(guest)
  for (const held of memberships) {
    const where = { conversationId: held.id, userId }
    const messages: StoredMessage[] = []
    for (let hasAfter = true; hasAfter; ) {
      const page = await store.page({ ...where, after: messages.at(-1)?.seq ?? 0, limit: 100 })
      messages.push(...page.messages)
      hasAfter = page.hasAfter
    }
    expect(messages.map(({ seq }) => seq)).toEqual(messages.map((_, index) => index + 1))
    expect(held.seqHead).toBe(messages.length)
    expect(held.readSeq).toBeLessThanOrEqual(held.seqHead)
    for (const { senderId } of messages) expect(known).toContain(senderId)
    const unread = messages.filter(
      ({ seq, senderId, kind, state }) =>
        seq > held.readSeq && senderId !== userId && kind === "text" && state === "live",
    )
    expect(held.unread).toBe(Math.min(UNREAD_CAP, unread.length))
    // Every other message calls ann; edits change no mentions, and the deleted do not call.
    expect(held.mentions).toBeLessThanOrEqual(unread.length)
    const { members, total } = await store.members({ ...where, first: [], limit: 100 })
    expect([total, held.memberCount]).toEqual([members.length, members.length])
    for (const { user } of members) expect(known).toContain(user.id)
  }
}

const openRoom = (store: ChatStore, id: string, ownerId?: string) =>
  store.createRoom({
    id,
    slug: id,
    name: id,
    nameKey: id,
    history: "all",
    maxRooms: 10_000,
    nowMs: 1,
    ...(ownerId === undefined ? {} : { ownerId }),
  })

const arrive = (store: ChatStore, id: string, defaultRooms = ["c_room"], guest = false, nameKey = id) =>
  store.saveUser({
    user: { id, name: id, nameKey, guest },
    defaultRooms,
    nowMs: 1,
    ...(guest ? { uniqueSinceMs: 0 } : {}),
  })
