import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { chmodSync, mkdirSync } from "node:fs"
import { join } from "node:path"
import { openSiteSessions } from "../../src/auth/php/site-sessions.ts"
import { sessionsSchema } from "../../src/config/sessions.ts"
import { systemClock } from "../../src/core/clock.ts"
import { SystemProgram } from "../support/program.ts"
import { startMemcached, startRedis, temporaryFolder } from "./services.ts"
import { Visitor } from "./site.ts"

const folder = temporaryFolder()
const redisSocket = join(folder, "redis.sock")
const memcachedSocket = join(folder, "memcached.sock")
const services: { stop(): Promise<void> }[] = []
let redisPorts: readonly number[] = []
let memcachedPort = 0

beforeAll(async () => {
  chmodSync(folder, 0o777)
  const servers = [await startRedis(), await startRedis("--unixsocket", redisSocket, "--requirepass", "p@ss")]
  services.push(...servers)
  redisPorts = servers.map(({ port }) => port)
  const memcached = await startMemcached()
  services.push(memcached)
  memcachedPort = memcached.port
  await startMemcachedAt(memcachedSocket)
}, 60_000)
afterAll(async () => {
  for (const service of services) await service.stop()
})

/** `session.save_handler` and `session.save_path` of php.ini, and what is copied from there. */
const PATHS: Readonly<Record<string, () => { readonly ini: readonly [string, string]; readonly settings: object }>> = {
  "files two folders deep"() {
    for (const first of "0123456789abcdef")
      for (const second of "0123456789abcdef") mkdirSync(join(folder, "deep", first, second), { recursive: true })
    const path = `2;0600;${folder}/deep`
    return { ini: ["files", path], settings: { store: "files", folder: path } }
  },
  "Redis at a socket, with a password"() {
    const path = `unix://${redisSocket}?auth=p%40ss&database=3`
    return { ini: ["redis", path], settings: { store: "redis", redisUrls: [path] } }
  },
  "two Redis servers of different weight, one with a user and a prefix"() {
    const paths = [
      `tcp://127.0.0.1:${redisPorts[0]}?weight=1&prefix=shop:`,
      `tcp://127.0.0.1:${redisPorts[1]}?weight=2&prefix=shop:&auth[]=default&auth[]=p%40ss`,
    ]
    return { ini: ["redis", paths.join(", ")], settings: { store: "redis", redisUrls: paths } }
  },
  "memcached with a weight"() {
    const path = `127.0.0.1:${memcachedPort}:33`
    return { ini: ["memcached", path], settings: { store: "memcached", memcachedServers: [path] } }
  },
  "memcached at a socket"() {
    return {
      ini: ["memcached", memcachedSocket],
      settings: { store: "memcached", memcachedServers: [memcachedSocket] },
    }
  },
}

describe("session.save_path, copied as it stands", () => {
  for (const [name, place] of Object.entries(PATHS))
    test(name, async () => {
      const { ini, settings } = place()
      const parsed = sessionsSchema.parse({ framework: "php", timeoutMs: "10s", ...settings })
      const log = { info: () => undefined, warn: () => undefined }
      const parts = { clock: systemClock, log, openSessions: () => new Set<string>(), end: () => undefined }
      const site = await openSiteSessions({ ...parsed, framework: "php" }, parts)
      for (const user of ["41", "42", "43", "44"]) {
        const member = new Visitor({
          "session.save_handler": ini[0],
          "session.save_path": ini[1],
          "session.sid_bits_per_character": "4",
        })
        await member.login(user)
        expect(await site.sessions.whoIs(member.cookie)).toMatchObject({ kind: "known", person: { userId: user } })
      }
      await site.stop()
    }, 30_000)
})

/** Memcached that listens nowhere else. */
async function startMemcachedAt(socket: string): Promise<SystemProgram> {
  const user = process.getuid?.() === 0 ? ["-u", "memcache"] : []
  const program = new SystemProgram("memcached", [...user, "-s", socket, "-a", "0777", "-m", "64"])
  services.push(program)
  await program.ready(() => isOpen(socket), "listens at its socket")
  return program
}

const isOpen = (unix: string): Promise<boolean> =>
  Bun.connect({ unix, socket: { data: () => undefined } }).then(
    (socket) => {
      socket.end()
      return true
    },
    () => false,
  )
