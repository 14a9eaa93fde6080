import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import { inProcess } from "../store/sqlite/testing/stores.ts"
import { CHAT_DEFAULTS } from "./config.ts"
import { QuietGuests } from "./quiet-guests.ts"
import { type ChatUnderTest, startChat } from "./testing/chat-under-test.ts"

const HOUR_MS = 3_600_000
const { forgetGuestsAfterMs } = CHAT_DEFAULTS

describe("the chat's housekeeping", () => {
  let subject: Awaited<ReturnType<typeof inProcess>>
  let it: ChatUnderTest
  beforeEach(async () => {
    subject = await inProcess()
    it = await startChat(subject.store)
  })
  afterEach(() => subject.remove())

  /** A visitor of the page who chooses a name. @returns his id and his cookie */
  async function guest(name: string): Promise<{ id: string; cookie: string }> {
    const response = await it.chat.routes().request("http://chat.test/chat/session", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name }),
    })
    const { user } = (await response.json()) as { user: { id: string } }
    return { id: user.id, cookie: (response.headers.get("set-cookie") ?? "").split(";")[0] ?? "" }
  }
  const whoIs = async (cookie: string) => {
    const response = await it.chat.routes().request("http://chat.test/chat/session", { headers: { cookie } })
    return ((await response.json()) as { user: { name: string } | null }).user?.name
  }
  const known = async (...ids: string[]) => (await subject.store.users({ ids })).users.map(({ name }) => name).sort()
  const forgotten = async (): Promise<object> => {
    for (;;) {
      const facts = it.logged.find((facts) => "forgotten" in facts)
      if (facts !== undefined) return facts
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  test("CHAT-41 guests who have long been away are forgotten by the hour, but for those who are connected or came by", async () => {
    const [away, here, comes, connects] = [
      await guest("Away"),
      await guest("Here"),
      await guest("Comes"),
      await guest("Connects"),
    ]
    const ids = [away, here, comes, connects].map(({ id }) => id)
    it.connected.add(here.id)
    it.clock.advance(forgetGuestsAfterMs - 2 * HOUR_MS)
    expect(await whoIs(comes.cookie)).toBe("Comes")
    // A handshake with nothing but the cookie is a visit too.
    expect((await it.chat.identifyByCookie(new Headers({ cookie: connects.cookie })))?.userId).toBe(connects.id)
    expect(it.logged).toEqual([])
    it.clock.advance(4 * HOUR_MS)
    expect(await forgotten()).toEqual({ forgotten: 1 })
    expect(await known(...ids)).toEqual(["Comes", "Connects", "Here"])
    expect([await whoIs(away.cookie), await whoIs(here.cookie)]).toEqual([undefined, "Here"])
    expect((await guest("Away")).id).not.toBe(away.id)
  })

  test("CHAT-41 the last visit counts, though only the first of an hour is noted", async () => {
    const sweep = new QuietGuests({
      clock: it.clock,
      forgetGuestsAfterMs: HOUR_MS,
      isConnected: () => false,
      people: { touch: async () => undefined, forget: () => undefined },
      store: subject.store,
    })
    const [away, comes] = [await guest("Away"), await guest("Comes")]
    for (const hours of [1.5, 0.95]) {
      it.clock.advance(hours * HOUR_MS)
      expect(await whoIs(comes.cookie)).toBe("Comes")
    }
    it.clock.advance(0.1 * HOUR_MS)
    expect(await sweep.sweep()).toBe(1)
    expect(await known(away.id, comes.id)).toEqual(["Comes"])
  })

  test("CHAT-41 whom the site calls a guest is not forgotten: his visits are not noted", async () => {
    const away = await guest("Away")
    const ofSite = { userId: "visitor-7", info: JSON.stringify({ name: "Vera", guest: true }) }
    await it.call(ofSite, "chat.hello", {})
    it.clock.advance(forgetGuestsAfterMs)
    await it.call(ofSite, "chat.hello", {})
    it.clock.advance(3 * HOUR_MS)
    expect(await forgotten()).toEqual({ forgotten: 1 })
    expect(await known(away.id, "visitor-7")).toEqual(["Vera"])
  })

  test("old changes of many conversations are forgotten within the hour, not of the first few hundred only", async () => {
    let left = 10
    it = await startChat({ ...subject.store, forgetChanges: async () => ({ forgotten: left-- > 0 ? 500 : 0 }) })
    it.clock.advance(HOUR_MS)
    expect(await forgotten()).toEqual({ forgotten: 5_000 })
  })

  test("CHAT-41 one sweep goes through many of them, a few at a time, and the next goes on where it ended", async () => {
    const asked: (string | undefined)[] = []
    const guests = Array.from({ length: 60_000 }, (_, n) => `g_${String(n).padStart(6, "0")}`)
    const sweep = new QuietGuests({
      clock: it.clock,
      forgetGuestsAfterMs,
      isConnected: () => false,
      people: { touch: async () => undefined, forget: () => undefined },
      store: {
        quietGuests: async ({ after, limit }) => {
          asked.push(after)
          const start = after === undefined ? 0 : guests.indexOf(after) + 1
          const ids = guests.slice(start, start + limit)
          const next = ids.at(-1)
          return { ids, ...(ids.length < limit || next === undefined ? {} : { next }) }
        },
        forgetGuests: async ({ ids }) => ({ forgotten: ids }),
      },
    })
    expect(await sweep.sweep()).toBe(50_000)
    expect(asked).toHaveLength(500)
    expect(await sweep.sweep()).toBe(10_000)
    expect(asked[500]).toBe("g_049999")
    await sweep.sweep()
    expect(asked.filter((after) => after === undefined)).toHaveLength(2)
  })
})
