import fixturesFile from "../../../../test/fixtures/php-sessions.json" with { type: "json" }
import type { SessionFormat } from "../format.ts"
import { LARAVEL_DRIVERS, laravelFormat } from "../laravel.ts"
import { type LaravelCipher, laravelKeys } from "../laravel-envelope.ts"
import { nativeFormat } from "../native.ts"
import type { SerializeHandler } from "../session-handlers.ts"
import type { SessionStore, StoredSession } from "../store.ts"
import { THINKPHP_DRIVERS, thinkPhpFormat } from "../thinkphp.ts"

/** A session that PHP wrote, with what a reader has to make of it. */
export interface Fixture {
  readonly name: string
  readonly framework: string
  readonly store: string
  readonly key: string
  readonly database?: number
  readonly value_base64: string | null
  readonly row?: { readonly last_activity: number }
  readonly memcached_flags?: number
  readonly mtime?: number
  readonly cookie_header: string
  readonly serialize_handler?: string
  readonly config: Readonly<Record<string, unknown>>
  readonly app_key?: string
  readonly previous_keys?: readonly string[]
  readonly user_path: readonly string[]
  readonly evaluate_at?: number
  readonly expect: "accept" | "anonymous" | "reject" | "either"
  readonly expected_user_id: string | number | null
  readonly expected_data?: unknown
}

export const FIXTURES = fixturesFile.fixtures as unknown as readonly Fixture[]

/** The reader a site of this kind would configure: only settings of the site go in, nothing of the expectation. */
export function formatOf(fixture: Fixture): SessionFormat {
  if (fixture.framework === "native") return nativeOf(fixture)
  return fixture.framework === "thinkphp" ? thinkPhpOf(fixture) : laravelOf(fixture)
}

const NATIVE_PREFIXES = new Map([
  ["redis", "PHPREDIS_SESSION:"],
  ["memcached", "memc.sess.key."],
  ["files", "sess_"],
])

function nativeOf({ config, store, serialize_handler: handler }: Fixture): SessionFormat {
  const savePath = text(config, "session.save_path", "")
  const ownPrefix = /[?&]prefix=([^&]+)/.exec(savePath)?.[1] ?? config["memcached.sess_prefix"]
  return nativeFormat({
    cookieName: text(config, "session.name", "PHPSESSID"),
    handler: handler as SerializeHandler,
    prefix: String(ownPrefix ?? NATIVE_PREFIXES.get(store)),
    folderDepth: Number(/^(\d+);/.exec(savePath)?.[1] ?? 0),
    lifetimeMs: Number(config["session.gc_maxlifetime"] ?? 1_440) * 1_000,
  })
}

function laravelOf(fixture: Fixture): SessionFormat {
  const { config, framework } = fixture
  const cipher = text(config, "cipher", "AES-256-CBC") as LaravelCipher
  const cachePrefix = text(config, "cache.prefix", "")
  // Up to Laravel 10 a colon follows the cache prefix; the broken fixtures are keyed like Laravel 8's.
  const colon = !framework.startsWith("laravel 13") && cachePrefix !== "" ? ":" : ""
  const driver = LARAVEL_DRIVERS.find((name) => name === config["session.driver"])
  if (!driver) throw new Error(`${fixture.name}: session.driver`)
  return laravelFormat({
    cookieName: text(config, "session.cookie", "laravel_session"),
    driver,
    cookie: {
      keys: laravelKeys([fixture.app_key ?? "", ...(fixture.previous_keys ?? [])], cipher),
      cipher,
      encrypted: true,
      serialized: false,
      prefixed: true,
    },
    prefix: `${text(config, "redis.prefix", "")}${config["session.prefix"] ?? `${cachePrefix}${colon}`}`,
    lifetimeMs: Number(config["session.lifetime"]) * 60_000,
    encrypt: config["session.encrypt"] === true,
    serialization: config["session.serialization"] === "json" ? "json" : "php",
  })
}

function thinkPhpOf({ config, name }: Fixture): SessionFormat {
  const cache = (config.cache ?? {}) as Readonly<Record<string, unknown>>
  const wanted =
    { file: "cache-file", redis: "redis", memcached: "memcached" }[String(config["session.store"])] ?? "file"
  const driver = THINKPHP_DRIVERS.find((known) => known === wanted)
  if (!driver) throw new Error(`${name}: session.type`)
  return thinkPhpFormat({
    cookieName: text(config, "session.name", "PHPSESSID"),
    driver,
    prefix: text(config, "session.prefix", ""),
    cachePrefix: text(cache, "prefix", ""),
    lifetimeMs: Number(config["session.expire"]) * 1_000,
    compressed: config["session.data_compress"] === true || cache.data_compress === true,
    serialization: Array.isArray(config["session.serialize"]) ? "json" : "php",
  })
}

function text(config: Readonly<Record<string, unknown>>, name: string, otherwise: string): string {
  return config[name] === undefined ? otherwise : String(config[name])
}

/** A store that holds the fixture's session under the fixture's key, and notes what it was asked for. */
export function storeOf(fixture: Fixture, bytes = storedBytes(fixture)): SessionStore & { readonly asked: string[] } {
  const asked: string[] = []
  // Keys of files begin in the folder the site keeps sessions in; ThinkPHP's fixtures begin one above it.
  const key =
    fixture.framework === "thinkphp" && fixture.store === "files" ? fixture.key.replace(/^[^/]+\//, "") : fixture.key
  return {
    asked,
    async read(wanted) {
      asked.push(wanted)
      return wanted === key && bytes ? stored(fixture, bytes) : undefined
    },
    async close() {
      asked.length = 0
    },
  }
}

function storedBytes({ value_base64: value }: Fixture): Buffer | undefined {
  return value === null || value === undefined ? undefined : Buffer.from(value, "base64")
}

export function stored({ memcached_flags: flags, mtime, row }: Fixture, bytes: Uint8Array): StoredSession {
  const writtenAt = mtime ?? row?.last_activity
  return {
    bytes,
    ...(flags === undefined ? {} : { flags }),
    ...(writtenAt === undefined ? {} : { writtenAtMs: writtenAt * 1_000 }),
  }
}
