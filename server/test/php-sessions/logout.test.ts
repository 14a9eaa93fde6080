import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { Redis } from "ioredis"
import { openSiteSessions, type SiteSessions } from "../../src/auth/php/site-sessions.ts"
import { sessionsSchema } from "../../src/config/sessions.ts"
import { systemClock } from "../../src/core/clock.ts"
import type { Identity } from "../../src/core/connection.ts"
import { ABOUT_A_SECOND_MS, until } from "../support/until.ts"
import { type Service, startMemcached, startRedis, temporaryFolder } from "./services.ts"
import { Visitor } from "./site.ts"

let redis: Service
let telling: Service
let memcached: Service
const folder = temporaryFolder()

beforeAll(async () => {
  redis = await startRedis()
  telling = await startRedis("--notify-keyspace-events", "Kgx$")
  memcached = await startMemcached()
}, 60_000)
afterAll(async () => {
  for (const service of [redis, telling, memcached]) await service?.stop()
})

interface Case {
  readonly settings: Record<string, unknown>
  readonly ini: Record<string, string>
}

const CASES: Record<string, () => Case> = {
  files: () => ({
    settings: { store: "files", folder },
    ini: { "session.save_handler": "files", "session.save_path": folder },
  }),
  Redis: () => ({
    settings: { store: "redis", redisUrls: [`redis://127.0.0.1:${redis.port}/0`] },
    ini: { "session.save_handler": "redis", "session.save_path": `tcp://127.0.0.1:${redis.port}` },
  }),
  "Redis that tells, hardly ever read": () => ({
    settings: { store: "redis", redisUrls: [`redis://127.0.0.1:${telling.port}/0`], recheckIntervalMs: "1h" },
    ini: { "session.save_handler": "redis", "session.save_path": `tcp://127.0.0.1:${telling.port}` },
  }),
  memcached: () => ({
    settings: { store: "memcached", memcachedServers: [`127.0.0.1:${memcached.port}`] },
    ini: { "session.save_handler": "memcached", "session.save_path": `127.0.0.1:${memcached.port}` },
  }),
}

/** The site's sessions with connections that are only noted; `endedAtMs` says when a session's were closed. */
async function siteOf({ settings, ini }: Case) {
  const open = new Set<string>()
  const endedAtMs = new Map<string, number>()
  const parsed = sessionsSchema.parse({ framework: "php", timeoutMs: "10s", ...settings })
  if (parsed.framework === "none") throw new Error("not reached")
  const site = await openSiteSessions(
    { ...parsed, framework: parsed.framework },
    {
      clock: systemClock,
      log: { info: () => undefined, warn: (_fields, text) => console.warn(text) },
      openSessions: () => open,
      end: (sessionId) => endedAtMs.set(sessionId, performance.now()),
    },
  )
  site.start()
  return { site, open, endedAtMs, visitor: () => new Visitor(ini) }
}

async function connect(site: SiteSessions, visitor: Visitor): Promise<Identity> {
  const headers = new Headers({ cookie: visitor.cookie })
  const identity = await site.strategy({ headers, url: new URL("http://site/"), address: "127.0.0.1", loopback: true })
  if (!identity) throw new Error("nobody is logged in")
  return identity
}

/** Whether the changes of each of these sessions are listened to. */
async function isListenedTo(...visitors: Visitor[]): Promise<boolean> {
  const client = new Redis({ host: "127.0.0.1", port: telling.port })
  const channels = (await client.pubsub("CHANNELS", "__keyspace@0__:*")) as string[]
  client.disconnect()
  return visitors.every(({ cookie }) => channels.some((channel) => channel.endsWith(cookie.split("=")[1] ?? "")))
}

test("sessions are looked at so often that a second is enough, unless the site says otherwise", () => {
  expect(sessionsSchema.parse({ framework: "php" }).recheckIntervalMs).toBeLessThanOrEqual(700)
})

for (const [name, at] of Object.entries(CASES)) {
  describe(`sessions in ${name}`, () => {
    for (const action of ["logout", "forget", "renew", "login&user=43"])
      test(`${action}: the connections made with the session are closed within a second, and no others`, async () => {
        const { site, open, endedAtMs, visitor } = await siteOf(at())
        const leaving = visitor()
        const staying = visitor()
        await leaving.login("42")
        await staying.login("41")
        const { sessionId = "" } = await connect(site, leaving)
        const other = await connect(site, staying)
        open.add(sessionId).add(other.sessionId ?? "")
        if (name.includes("tells")) await until(() => isListenedTo(leaving, staying), "both keys are subscribed to")
        await leaving.visit(`do=${action}`)
        const doneAtMs = performance.now()
        await until(() => endedAtMs.has(sessionId), "the session's connections are closed")
        expect((endedAtMs.get(sessionId) ?? 0) - doneAtMs).toBeLessThan(ABOUT_A_SECOND_MS)
        expect(endedAtMs.has(other.sessionId ?? "")).toBe(false)
        await site.stop()
      }, 60_000)
  })
}
