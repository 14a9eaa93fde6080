import { createHash } from "node:crypto"
import { isPast, type SessionFormat } from "./format.ts"
import { decompress } from "./inflate.ts"
import { memcachedString } from "./memcached-item.ts"
import { readPhpJson } from "./php-json.ts"
import { UnreadableBytes } from "./reading.ts"
import { arrayOf, ensureSize } from "./session-handlers.ts"
import type { StoredSession } from "./store.ts"
import { unserialize, unserializedString } from "./unserialize.ts"
import type { PhpArray } from "./value.ts"

/** `session.type`, and for `cache` what kind of store that is. */
export const THINKPHP_DRIVERS = ["file", "cache-file", "redis", "memcached"] as const
export type ThinkPhpDriver = (typeof THINKPHP_DRIVERS)[number]

/** ThinkPHP 6 and 8: what `config/session.php` and `config/cache.php` say. */
export interface ThinkPhpFormatOptions {
  /** `session.name`. */
  readonly cookieName: string
  readonly driver: ThinkPhpDriver
  /** `session.prefix`. */
  readonly prefix: string
  /** The `prefix` of the cache store, when the session is in one. */
  readonly cachePrefix: string
  /** `session.expire`, looked at for `file` only. */
  readonly lifetimeMs: number
  /** `data_compress` of the session or, for `cache-file`, of the cache store. */
  readonly compressed: boolean
  /** `session.serialize`: PHP's own functions or `json_encode`. */
  readonly serialization: "php" | "json"
}

const ID = /^[0-9a-zA-Z]{32}$/

/** How a ThinkPHP site writes its sessions. */
export function thinkPhpFormat(options: ThinkPhpFormatOptions): SessionFormat {
  return {
    cookieName: options.cookieName,
    idOf: (value) => (ID.test(value) ? value : undefined),
    keyOf: (id) => KEYS[options.driver](id, options),
    decode(stored, nowMs) {
      ensureSize(stored.bytes)
      const payload = payloadOf(stored, options, nowMs)
      return payload === "expired" ? payload : readPayload(payload, options)
    },
  }
}

type KeyParts = Pick<ThinkPhpFormatOptions, "prefix" | "cachePrefix">
const cacheKey = (id: string, { cachePrefix, prefix }: KeyParts): string => `${cachePrefix}${prefix}${id}`

const KEYS: Readonly<Record<ThinkPhpDriver, (id: string, parts: KeyParts) => string>> = {
  file: (id, { prefix }) => `${folder(prefix)}sess_${id}`,
  "cache-file": (id, { prefix, cachePrefix }) => {
    const hash = createHash("md5").update(`${prefix}${id}`).digest("hex")
    return `${folder(cachePrefix)}${hash.slice(0, 2)}/${hash.slice(2)}.php`
  },
  redis: cacheKey,
  memcached: cacheKey,
}

function folder(prefix: string): string {
  return prefix === "" ? "" : `${prefix}/`
}

function payloadOf(stored: StoredSession, options: ThinkPhpFormatOptions, nowMs: number): Uint8Array | "expired" {
  const { bytes, flags = 0 } = stored
  const inflate = (packed: Uint8Array) => (options.compressed ? decompress("zlib", packed) : packed)
  switch (options.driver) {
    case "file":
      return isPast(stored, options.lifetimeMs, nowMs) ? "expired" : inflate(bytes)
    case "cache-file": {
      const lifetimeMs = cacheFileLifetimeMs(bytes)
      if (lifetimeMs > 0 && isPast(stored, lifetimeMs, nowMs)) return "expired"
      return cached(inflate(bytes.subarray(CACHE_HEAD_BYTES)))
    }
    case "redis":
      return cached(bytes)
    case "memcached":
      return cached(memcachedString(bytes, flags))
  }
}

/** The cache serializes once more what the session has serialized. */
function cached(bytes: Uint8Array): Uint8Array {
  const payload = unserializedString(bytes)
  if (payload) return payload
  throw new UnreadableBytes("expected a serialized string around the session")
}

const CACHE_HEAD_BYTES = 32
const CACHE_HEAD = /^<\?php\n\/\/(\d{12})\n exit\(\);\?>\n$/

/** A cache file is a PHP file that ends at once; its head has the life in seconds. 0: for ever. */
function cacheFileLifetimeMs(bytes: Uint8Array): number {
  const head = CACHE_HEAD.exec(Buffer.from(bytes.subarray(0, CACHE_HEAD_BYTES)).toString("latin1"))
  if (!head) throw new UnreadableBytes("expected the head of a ThinkPHP cache file")
  return Number(head[1]) * 1_000
}

function readPayload(payload: Uint8Array, { serialization }: ThinkPhpFormatOptions): PhpArray {
  return arrayOf(serialization === "json" ? readPhpJson(payload) : unserialize(payload))
}
