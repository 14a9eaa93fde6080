import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Redis } from "ioredis"
import { READ_LIMITS } from "../../src/auth/php/reading.ts"
import type { SessionStore } from "../../src/auth/php/store.ts"
import { redisStore } from "../../src/auth/php/stores/redis.ts"
import { until } from "../support/until.ts"
import { type Service, startRedis } from "./services.ts"

let one: Service
let other: Service
let site: Redis
const stores: SessionStore[] = []

beforeAll(async () => {
  one = await startRedis("--notify-keyspace-events", "Kgx$")
  other = await startRedis()
  site = new Redis({ host: "127.0.0.1", port: one.port })
}, 60_000)
afterAll(async () => {
  for (const store of stores) await store.close()
  site?.disconnect()
  await one?.stop()
  await other?.stop()
})

function open(...urls: string[]): SessionStore {
  const store = redisStore({ urls, timeoutMs: 5_000 })
  stores.push(store)
  return store
}
const text = async (store: SessionStore, key: string) => String((await store.read(key))?.bytes)

describe("Redis", () => {
  test("tells nothing from empty, and a list from a session", async () => {
    const store = open(`redis://127.0.0.1:${one.port}`)
    await site.set("empty", "")
    await site.rpush("list", "x")
    expect(await store.read("nothing")).toBeUndefined()
    expect(await store.read("list")).toBeUndefined()
    expect((await store.read("empty"))?.bytes).toHaveLength(0)
  })

  test("gives no more of a huge value than shows that it is too large", async () => {
    await site.set("huge", Buffer.alloc(8 * READ_LIMITS.maxBytes))
    expect((await open(`redis://127.0.0.1:${one.port}`).read("huge"))?.bytes).toHaveLength(READ_LIMITS.maxBytes + 1)
  })

  test("of several servers the one that has the session answers; one that is away may have it", async () => {
    await site.set("here", "x")
    const urls = [`tcp://127.0.0.1:${other.port}`, `tcp://127.0.0.1:${one.port}?database=0`]
    expect(await text(open(...urls), "here")).toBe("x")
    expect(await open(...urls).read("nowhere")).toBeUndefined()
    await expect(open(...urls, "tcp://127.0.0.1:1").read("nowhere")).rejects.toThrow()
  })

  for (const guide of ["php-sessions.md", "php-sessions.zh-CN.md"])
    test(`with the rights that ${guide} gives, sessions are read, changes are heard, and nothing else is possible`, async () => {
      const markdown = readFileSync(join(import.meta.dir, "../../../docs/guides", guide), "utf8")
      const [, rights = ""] = /`ACL (SETUSER skein [^`]+)`/.exec(markdown) ?? []
      await site.acl(...(rights.split(" ") as ["SETUSER", string]))
      await site.set("PHPREDIS_SESSION:abc", "x")
      await site.set("secret", "x")
      const store = open(`redis://skein:password@127.0.0.1:${one.port}/0`)
      expect(await text(store, "PHPREDIS_SESSION:abc")).toBe("x")
      await expect(store.read("secret")).rejects.toThrow()
      let changes = 0
      const stop = store.watch?.("PHPREDIS_SESSION:abc", () => changes++)
      await until(() => changes === 1, "it is looked at once it is listened to")
      await until(() => store.announces?.(), "Redis tells of changes")
      await site.del("PHPREDIS_SESSION:abc")
      await until(() => changes === 2, "the change is heard")
      stop?.()
      await site.acl("DELUSER", "skein")
    })

  test("what ends before it is listened to is noticed all the same", async () => {
    const store = open(`redis://127.0.0.1:${one.port}`)
    await site.set("brief", "x")
    expect(await text(store, "brief")).toBe("x")
    let changes = 0
    // Listening takes a connection that is not there yet: the end comes first.
    store.watch?.("brief", () => changes++)
    await site.del("brief")
    await until(() => changes > 0, "it is looked at again")
  })

  test("that was away for a moment is not relied on for a while: what it told then was heard by nobody", async () => {
    const store = open(`redis://127.0.0.1:${one.port}`)
    let changes = 0
    store.watch?.("kept", () => changes++)
    await until(() => changes === 1 && store.announces?.(), "Redis tells of changes")
    await site.call("CLIENT", "KILL", "TYPE", "pubsub")
    const isListenedTo = async () => ((await site.pubsub("CHANNELS", "*:kept")) as string[]).length === 1
    await until(isListenedTo, "it is listened to again")
    expect(store.announces?.()).toBe(false)
    await site.set("kept", "x")
    await until(() => changes === 2, "what is told is heard")
  })

  test("that does not tell of changes is not relied on", async () => {
    const store = open(`redis://127.0.0.1:${other.port}`)
    await store.read("x")
    expect(store.announces?.()).toBe(false)
    const client = new Redis({ host: "127.0.0.1", port: other.port })
    await client.ping()
    client.disconnect()
    expect(store.announces?.()).toBe(false)
  })
})
