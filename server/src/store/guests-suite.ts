import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import type { ChatStore } from "./contract.ts"
import type { StoreUnderTest } from "./contract-suite.ts"
import { codeOf } from "./testing/code-of.ts"

const NOW_MS = 1_000_000
const LONG_AGO_MS = 1_000

/** Guests who have long been away are forgotten: that part of the store contract, for any implementation. */
export function guestsContract(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(`${name}: guests who have long been away`, () => {
    let subject: StoreUnderTest
    let store: ChatStore
    const room = "c_room"

    beforeEach(async () => {
      subject = await make()
      store = subject.store
      await store.createRoom({
        id: room,
        slug: "lobby",
        name: "Lobby",
        nameKey: "lobby",
        history: "all",
        maxRooms: 50,
        nowMs: 1,
      })
      await arrive("ann", NOW_MS, false)
    })
    afterEach(() => subject.remove())

    const arrive = (id: string, nowMs = LONG_AGO_MS, guest = true) =>
      store.saveUser({ user: { id, name: id, nameKey: id, guest }, defaultRooms: [room], nowMs })
    const say = (
      senderId: string,
      body = "hi",
      mentions: readonly (readonly string[])[] = [],
      conversationId: string = room,
    ) =>
      store.appendMessage({
        conversationId,
        senderId,
        clientId: `client-of-${senderId}-in-${conversationId}`,
        kind: "text",
        body,
        mentions,
        nowMs: NOW_MS,
      })
    const quiet = async (limit = 100) => (await store.quietGuests({ seenBeforeMs: NOW_MS, limit })).ids
    const forget = async (...ids: string[]) => (await store.forgetGuests({ ids, seenBeforeMs: NOW_MS })).forgotten
    const known = async (...ids: string[]) => (await store.users({ ids })).users.map(({ id }) => id).sort()

    test("CHAT-41 who left nothing but a name is nobody any more, and member of nothing", async () => {
      await arrive("g_1")
      await say("ann", "hello @g_1", [["g_1"]])
      expect(await quiet()).toEqual(["g_1"])
      expect(await forget("g_1")).toEqual(["g_1"])
      store = await subject.reopen()
      expect(await known("g_1", "ann")).toEqual(["ann"])
      const { members, total } = await store.members({ conversationId: room, userId: "ann", first: [], limit: 10 })
      expect([members.map(({ user }) => user.id), total]).toEqual([["ann"], 1])
      expect(await codeOf(store.membership({ conversationId: room, userId: "g_1" }))).toBe("not_a_member")
      const { membership } = await store.membership({ conversationId: room, userId: "ann" })
      expect([membership.memberCount, membership.seqHead]).toEqual([1, 1])
      expect([await quiet(), await forget("g_1")]).toEqual([[], []])
      // Whoever comes with that id again, or takes that name, starts from nothing.
      expect((await arrive("g_1", NOW_MS)).created).toBe(true)
      expect((await store.membership({ conversationId: room, userId: "g_1" })).membership.mentions).toBe(0)
    })

    test("CHAT-41 who said something, has a direct conversation or was here stays, and so does who is no guest", async () => {
      for (const id of ["g_said", "g_deleted", "g_answered", "g_called", "g_back", "g_quiet"]) await arrive(id)
      await arrive("bob", LONG_AGO_MS, false)
      await say("g_said")
      const { message } = await say("g_deleted")
      await store.deleteMessage({ conversationId: room, seq: message.seq, userId: "g_deleted", nowMs: NOW_MS })
      await store.openDirect({ id: "c_1", userId: "g_answered", peerId: "ann", nowMs: NOW_MS })
      await say("ann", "who are you?", [], "c_1")
      await store.openDirect({ id: "c_2", userId: "ann", peerId: "g_called", nowMs: NOW_MS })
      await store.touchUser({ userId: "g_back", nowMs: NOW_MS })
      expect(await quiet()).toEqual(["g_quiet"])
      const all = ["ann", "bob", "g_answered", "g_back", "g_called", "g_deleted", "g_quiet", "g_said", "nobody"]
      expect(await forget(...all)).toEqual(["g_quiet"])
      expect(await known(...all)).toEqual(all.filter((id) => id !== "g_quiet" && id !== "nobody"))
    })

    test("CHAT-41 what happened between asking and forgetting counts", async () => {
      for (const id of ["g_1", "g_2", "g_3"]) await arrive(id)
      const asked = await quiet()
      await say("g_1")
      await store.touchUser({ userId: "g_2", nowMs: NOW_MS })
      expect(await forget(...asked)).toEqual(["g_3"])
    })

    test("CHAT-41 an empty direct conversation keeps who was called by it, not who opened it, and goes with him", async () => {
      for (const id of ["g_1", "g_2"]) await arrive(id)
      await store.openDirect({ id: "c_1", userId: "g_1", peerId: "ann", nowMs: NOW_MS })
      await store.openDirect({ id: "c_2", userId: "g_1", peerId: "g_2", nowMs: NOW_MS })
      expect(await quiet()).toEqual(["g_1"])
      expect(await forget("g_1")).toEqual(["g_1"])
      for (const conversationId of ["c_1", "c_2"])
        expect(await codeOf(store.membership({ conversationId, userId: "ann" }))).toBe("not_a_member")
      expect((await store.hello({ userId: "ann", limit: 10 })).memberships.map(({ id }) => id)).toEqual([room])
      expect(await forget(...(await quiet()))).toEqual(["g_2"])
    })

    test("CHAT-41 a room somebody was left with passes on", async () => {
      await arrive("g_1")
      await arrive("g_2", LONG_AGO_MS + 1)
      const own = "c_own"
      await store.createRoom({
        id: own,
        slug: "own",
        name: "Own",
        nameKey: "own",
        ownerId: "ann",
        opening: { clientId: "opening-own", body: "{}" },
        history: "all",
        maxRooms: 50,
        nowMs: 1,
      })
      for (const userId of ["g_1", "g_2"]) await store.join({ conversationId: own, userId, nowMs: LONG_AGO_MS })
      await store.leave({ conversationId: own, userId: "ann" })
      expect((await store.membership({ conversationId: own, userId: "g_1" })).membership.role).toBe("owner")
      expect(await forget("g_1")).toEqual(["g_1"])
      expect((await store.membership({ conversationId: own, userId: "g_2" })).membership.role).toBe("owner")
    })

    test("CHAT-41 they are looked through a few at a time, to the last", async () => {
      for (let n = 10; n < 35; n++) await arrive(`g_${n}`)
      await say("g_11")
      const found: string[] = []
      let after: string | undefined
      let steps = 0
      do {
        const page = await store.quietGuests({
          seenBeforeMs: NOW_MS,
          limit: 10,
          ...(after === undefined ? {} : { after }),
        })
        expect(page.ids.length).toBeLessThanOrEqual(10)
        found.push(...page.ids)
        after = page.next
      } while (after !== undefined && ++steps < 10)
      const all = Array.from({ length: 25 }, (_, n) => `g_${n + 10}`)
      expect(found).toEqual(all.filter((id) => id !== "g_11"))
      expect(await quiet(10)).toHaveLength(9)
    })

    test("CHAT-41 who has become a member is not among them, and does not come back as a guest", async () => {
      await arrive("g_1")
      await store.mergeGuest({ guestId: "g_1", userId: "ann", nowMs: NOW_MS })
      expect([await quiet(), await forget("g_1")]).toEqual([[], []])
      expect(await codeOf(arrive("g_1"))).toBe("unauthorized")
      // A forgotten guest cannot become anybody.
      await arrive("g_2")
      await forget("g_2")
      expect(await codeOf(store.mergeGuest({ guestId: "g_2", userId: "ann", nowMs: NOW_MS }))).toBe("not_found")
    })
  })
}
