import { beforeEach, describe, expect, test } from "bun:test"
import { FakeClock } from "../../core/testing/fake-clock.ts"
import type { Person } from "../person.ts"
import type { SessionStore } from "./store.ts"
import { SessionWatcher } from "./watcher.ts"

/** Who is logged in, by place in the store; `down` makes every question fail. */
class Site {
  readonly people = new Map<string, Person>()
  readonly asked: string[] = []
  readonly changed = new Map<string, () => void>()
  down = false
  tells = false

  async personAt(key: string): Promise<Person | undefined> {
    this.asked.push(key)
    if (this.down) throw new Error("the store is down")
    return this.people.get(key)
  }

  get store(): SessionStore {
    return {
      read: async () => undefined,
      watch: (key, onChange) => {
        this.changed.set(key, onChange)
        return () => void this.changed.delete(key)
      },
      announces: () => this.tells,
      close: async () => undefined,
    }
  }
}

let site: Site
let clock: FakeClock
let ended: string[]
let said: string[]
let open: Set<string>
let watcher: SessionWatcher

beforeEach(() => {
  site = new Site()
  clock = new FakeClock(1_800_000_000_000)
  ended = []
  said = []
  open = new Set()
  watcher = new SessionWatcher({
    sessions: site,
    store: site.store,
    clock,
    recheckIntervalMs: 700,
    maxRechecksPerSecond: 50,
    openSessions: () => open,
    end: (sessionId) => ended.push(sessionId),
    markOf: (sessionId) => `mark of ${sessionId}`,
    log: (text) => said.push(text),
  })
})

function login(userId: string, sessionId = `s${userId}`) {
  site.people.set(`key-${sessionId}`, { userId })
  open.add(sessionId)
  watcher.add({ sessionId, key: `key-${sessionId}`, userId })
}

async function pass(ms: number) {
  for (let passed = 0; passed < ms; passed += 100) {
    clock.advance(100)
    await watcher.turn()
  }
}

describe("a session with open connections", () => {
  test("that stays as it is ends nothing", async () => {
    login("1")
    await pass(5_000)
    expect(ended).toEqual([])
    expect(site.asked.length).toBeGreaterThanOrEqual(5)
  })

  test("that is gone ends its connections within a second, and no others", async () => {
    login("1")
    login("2")
    site.people.delete("key-s1")
    await pass(1_000)
    expect(ended).toEqual(["s1"])
  })

  test("that ends while a connection is being made ends that one too, but not those of a new login", async () => {
    login("1")
    login("2")
    site.people.clear()
    await pass(1_000)
    expect(ended).toEqual(["s1", "s2"])
    login("2")
    await pass(12_000)
    expect(ended).toEqual(["s1", "s2", "s1", "s1"])
  })

  test("in which another user logs in ends its connections", async () => {
    login("1")
    site.people.set("key-s1", { userId: "9" })
    await pass(1_000)
    expect(ended).toEqual(["s1"])
  })

  test("with which another user connects ends the connections of the one before at once", () => {
    login("1")
    watcher.add({ sessionId: "s1", key: "key-s1", userId: "9" })
    expect(ended).toEqual(["s1"])
    expect(watcher.size).toBe(1)
  })

  test("is looked at once however many connections it has", async () => {
    login("1")
    login("1")
    await pass(800)
    expect(site.asked).toEqual(["key-s1"])
  })
})

test("while the store is down nobody is thrown out, and it is said once; afterwards logouts are noticed", async () => {
  login("1")
  login("2")
  site.down = true
  site.people.delete("key-s1")
  await pass(3_000)
  expect(ended).toEqual([])
  expect(said).toHaveLength(1)
  site.down = false
  await pass(1_000)
  expect(ended).toEqual(["s1"])
  expect(said).toEqual([expect.stringContaining("the store is down"), "the sessions can be read again"])
})

test("with more sessions than may be read each has its turn, and the bound holds", async () => {
  for (let user = 1; user <= 100; user++) login(String(user))
  await pass(1_000)
  expect(site.asked.length).toBeLessThanOrEqual(50)
  await pass(2_600)
  expect(new Set(site.asked).size).toBe(100)
})

test("sessions nobody is connected with any more are forgotten", async () => {
  login("1")
  login("2")
  open.delete("s1")
  expect(watcher.watches("mark of s1")).toBe(true)
  await pass(70_000)
  expect(watcher.size).toBe(1)
  expect([watcher.watches("mark of s1"), watcher.watches("mark of s2"), watcher.watches("s2")]).toEqual([
    false,
    true,
    false,
  ])
})

describe("a store that tells of changes", () => {
  test("is asked at once when it does, and otherwise seldom", async () => {
    site.tells = true
    login("1")
    await pass(5_000)
    expect(site.asked).toEqual([])
    site.people.delete("key-s1")
    site.changed.get("key-s1")?.()
    await Promise.resolve()
    await Promise.resolve()
    expect(ended).toEqual(["s1"])
    expect(site.changed.size).toBe(0)
  })

  test("is read now and then all the same", async () => {
    site.tells = true
    login("1")
    site.people.delete("key-s1")
    await pass(10_400)
    expect(ended).toEqual(["s1"])
  })
})
