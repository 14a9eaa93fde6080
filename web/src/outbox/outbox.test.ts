import { expect, test } from "bun:test"
import { type LetterStore, Outbox, type OutboxOptions } from "./outbox.ts"
import { HELD_AFTER_MS, type Letter } from "./queue.ts"
import { uuid7 } from "./uuid7.ts"

class MemoryStore implements LetterStore {
  readonly letters = new Map<string, Letter>()
  async all() {
    return [...this.letters.values()].reverse()
  }
  async put(letter: Letter) {
    this.letters.set(letter.client_id, letter)
  }
  async remove(clientId: string) {
    this.letters.delete(clientId)
  }
}

/** A server that answers when told to. */
function setUp(overrides: Partial<OutboxOptions> = {}) {
  const store = new MemoryStore()
  const asked: { letter: Letter; resolve(seq: number): void; reject(error: unknown): void }[] = []
  const state = { online: true, nowMs: 1_000_000, signedOut: 0, refused: [] as string[] }
  const outbox = new Outbox({
    store,
    send: (letter) => new Promise((resolve, reject) => asked.push({ letter, resolve, reject })),
    isOnline: () => state.online,
    onRefused: (letter) => state.refused.push(letter.text),
    onSignedOut: () => state.signedOut++,
    nowMs: () => state.nowMs,
    retryDelayMs: 1,
    ...overrides,
  })
  const post = (text: string, conversation_id = "c") => outbox.post({ client_id: uuid7(), conversation_id, text })
  const states = () => outbox.letters.value.map((letter) => `${letter.text} ${letter.state}`)
  return { store, asked, state, outbox, post, states }
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

test("one at a time and in order per conversation, side by side between conversations", async () => {
  const { asked, post, states } = setUp()
  await post("one")
  await post("two")
  await post("other", "d")
  expect(asked.map(({ letter }) => letter.text)).toEqual(["one", "other"])
  asked[0]?.resolve(7)
  await settled()
  expect(asked.map(({ letter }) => letter.text)).toEqual(["one", "other", "two"])
  expect(states()).toEqual(["one sent", "two sending", "other sending"])
})

test("a refusal fails that letter and lets the next pass", async () => {
  const { asked, post, states, state, store } = setUp()
  await post("bad")
  await post("good")
  asked[0]?.reject({ code: 1002, message: "too long" })
  await settled()
  expect(states()).toEqual(["bad failed", "good sending"])
  expect(state.refused).toEqual(["bad"])
  expect([...store.letters.values()].map((letter) => letter.state)).toEqual(["failed", "queued"])
})

test("a network error stops the queue, and the same client_id is sent again", async () => {
  const { asked, post, states, state, outbox } = setUp()
  await post("one")
  await post("two")
  state.online = false
  asked[0]?.reject({ code: 2, message: "transport closed" })
  await settled()
  expect(states()).toEqual(["one queued", "two queued"])
  expect(asked.length).toBe(1)
  state.online = true
  outbox.pumpAll()
  expect(asked.map(({ letter }) => letter.text)).toEqual(["one", "one"])
  expect(asked[1]?.letter.client_id).toBe(asked[0]?.letter.client_id as string)
})

test("written offline, stored, sent after a reload in the order of writing", async () => {
  const first = setUp()
  first.state.online = false
  await first.post("one")
  await first.post("two")
  expect(first.asked.length).toBe(0)
  const second = setUp({ store: first.store })
  await second.outbox.load()
  expect(second.states()).toEqual(["one queued", "two queued"])
  second.outbox.pumpAll()
  expect(second.asked[0]?.letter.text).toBe("one")
})

test("a letter older than ten minutes waits for the writer's word", async () => {
  const first = setUp()
  first.state.online = false
  await first.post("late")
  const second = setUp({ store: first.store })
  second.state.nowMs = first.state.nowMs + HELD_AFTER_MS + 1
  await second.outbox.load()
  second.outbox.pumpAll()
  expect(second.states()).toEqual(["late held"])
  second.outbox.resend(second.outbox.letters.value[0]?.client_id as string)
  expect(second.asked.length).toBe(1)
})

test("arrival by push before the reply removes the letter, and the reply does not bring it back", async () => {
  const { asked, post, outbox, store } = setUp()
  await post("one")
  outbox.arrived(asked[0]?.letter.client_id as string)
  expect(outbox.letters.value).toEqual([])
  asked[0]?.resolve(3)
  await settled()
  expect(outbox.letters.value).toEqual([])
  expect(store.letters.size).toBe(0)
})

test("signed out: the letter stays, nothing more is sent", async () => {
  const { asked, post, states, state } = setUp()
  await post("one")
  asked[0]?.reject({ code: 101, message: "unauthorized" })
  await settled()
  expect(states()).toEqual(["one queued"])
  expect(state.signedOut).toBe(1)
})

test("uuid7 is of version 7 and strictly increasing, also within a millisecond", () => {
  const ids = Array.from({ length: 10_000 }, () => uuid7(1_700_000_000_000))
  expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect([...ids].sort()).toEqual(ids)
  expect(new Set(ids).size).toBe(ids.length)
})
