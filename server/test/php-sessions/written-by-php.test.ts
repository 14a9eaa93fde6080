import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { nativeFormat } from "../../src/auth/php/native.ts"
import { SERIALIZE_HANDLERS, type SerializeHandler } from "../../src/auth/php/session-handlers.ts"
import { PhpSessions } from "../../src/auth/php/sessions.ts"
import type { SessionStore } from "../../src/auth/php/store.ts"
import { fileStore } from "../../src/auth/php/stores/files.ts"
import { memcachedStore } from "../../src/auth/php/stores/memcached.ts"
import { redisStore } from "../../src/auth/php/stores/redis.ts"
import { systemClock } from "../../src/core/clock.ts"
import { type Service, startMemcached, startRedis, temporaryFolder } from "./services.ts"
import { Visitor } from "./site.ts"

let redis: Service
let memcached: Service
const folder = temporaryFolder()
const closing: SessionStore[] = []

beforeAll(async () => {
  redis = await startRedis()
  memcached = await startMemcached()
}, 60_000)

afterAll(async () => {
  for (const store of closing) await store.close()
  await redis?.stop()
  await memcached?.stop()
})

interface Place {
  readonly settings: Readonly<Record<string, string>>
  readonly prefix: string
  readonly folderDepth?: number
  readonly store: SessionStore
}

const PLACES: Readonly<Record<string, () => Place>> = {
  files: () => ({
    settings: { "session.save_handler": "files", "session.save_path": folder },
    prefix: "sess_",
    store: fileStore(folder),
  }),
  "files two folders deep": () => ({
    settings: {
      "session.save_handler": "files",
      "session.save_path": `2;${deepFolder()}`,
      "session.sid_bits_per_character": "4",
    },
    prefix: "sess_",
    folderDepth: 2,
    store: fileStore(join(folder, "deep")),
  }),
  redis: () => ({
    settings: { "session.save_handler": "redis", "session.save_path": `tcp://127.0.0.1:${redis.port}` },
    prefix: "PHPREDIS_SESSION:",
    store: redisStore({ urls: [`tcp://127.0.0.1:${redis.port}`], timeoutMs: 5_000 }),
  }),
  "redis, database and prefix of its own": () => ({
    settings: {
      "session.save_handler": "redis",
      "session.save_path": `tcp://127.0.0.1:${redis.port}?database=5&prefix=shop:`,
    },
    prefix: "shop:",
    store: redisStore({ urls: [`redis://127.0.0.1:${redis.port}/5`], timeoutMs: 5_000 }),
  }),
  memcached: () => ({
    settings: { "session.save_handler": "memcached", "session.save_path": `127.0.0.1:${memcached.port}` },
    prefix: "memc.sess.key.",
    store: memcachedStore([{ host: "127.0.0.1", port: memcached.port }], 5_000),
  }),
}

/** PHP wants the folders to be there. */
function deepFolder(): string {
  const digits = [..."0123456789abcdef"]
  for (const first of digits)
    for (const second of digits) mkdirSync(join(folder, "deep", first, second), { recursive: true })
  return join(folder, "deep")
}

function siteOf(place: Place, handler: SerializeHandler) {
  closing.push(place.store)
  const format = nativeFormat({
    cookieName: "PHPSESSID",
    handler,
    prefix: place.prefix,
    folderDepth: place.folderDepth ?? 0,
    lifetimeMs: 1_440_000,
  })
  const paths = { user: [["user_id"]], name: ["skein", "name"], avatar: ["skein", "avatar"] }
  const sessions = new PhpSessions({ format, store: place.store, paths }, systemClock)
  const visitor = () => new Visitor({ ...place.settings, "session.serialize_handler": handler })
  return { sessions, visitor }
}

for (const [name, place] of Object.entries(PLACES)) {
  describe(`sessions that PHP writes now, in ${name}`, () => {
    for (const handler of SERIALIZE_HANDLERS) {
      test(handler, async () => {
        const { sessions, visitor } = siteOf(place(), handler)
        const guest = visitor()
        await guest.visit("do=look")
        expect(await sessions.whoIs(guest.cookie)).toMatchObject({ kind: "nobody", reason: "not_logged_in" })

        const member = visitor()
        await member.login("42")
        const person = { userId: "42", name: "张伟 42", avatar: "/avatars/42.png" }
        const known = await sessions.whoIs(`theme=dark; ${member.cookie}`)
        expect(known).toMatchObject({ kind: "known", person })

        const before = member.cookie
        await member.visit("do=renew")
        expect(member.cookie).not.toBe(before)
        expect(await sessions.whoIs(member.cookie)).toMatchObject({ kind: "known", person })
        expect(await sessions.whoIs(before)).toMatchObject({ kind: "nobody", reason: "session_gone" })

        await member.visit("do=logout")
        expect(await sessions.whoIs(member.cookie)).toMatchObject({ kind: "nobody", reason: "session_gone" })
      }, 30_000)
    }
  })
}

test("a session of another handler than configured signs nobody in, and the reason says so", async () => {
  const { sessions } = siteOf(PLACES.files?.() as Place, "igbinary")
  const { visitor } = siteOf(PLACES.files?.() as Place, "php")
  const member = visitor()
  await member.login("7")
  expect(await sessions.whoIs(member.cookie)).toMatchObject({ kind: "nobody", reason: "unreadable" })
})
