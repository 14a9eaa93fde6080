import { createHash } from "node:crypto"
import { cookieOf } from "./cookies.ts"
import { isPast, type SessionFormat } from "./format.ts"
import { type LaravelCookieOptions, laravelCookieText } from "./laravel-cookie.ts"
import { decryptLaravel } from "./laravel-envelope.ts"
import { memcachedString } from "./memcached-item.ts"
import { readPhpJson } from "./php-json.ts"
import { UnreadableBytes } from "./reading.ts"
import { arrayOf, ensureSize } from "./session-handlers.ts"
import type { StoredSession } from "./store.ts"
import { unserialize, unserializedString } from "./unserialize.ts"
import { PhpArray } from "./value.ts"

/** `session.driver`. */
export const LARAVEL_DRIVERS = ["redis", "memcached", "file", "database", "cookie"] as const
export type LaravelDriver = (typeof LARAVEL_DRIVERS)[number]

/** Laravel 5.8 and newer: what `config/session.php`, `config/cache.php` and `config/database.php` say. */
export interface LaravelFormatOptions {
  /** `session.cookie`. */
  readonly cookieName: string
  readonly driver: LaravelDriver
  readonly cookie: LaravelCookieOptions
  /** All that stands before the id in Redis or memcached. */
  readonly prefix: string
  /** `session.lifetime`. */
  readonly lifetimeMs: number
  /** `session.encrypt`. */
  readonly encrypt: boolean
  /** `session.serialization`. */
  readonly serialization: "php" | "json"
}

const ID = /^[0-9a-zA-Z]{40}$/

/** How a Laravel site writes its sessions. */
export function laravelFormat(options: LaravelFormatOptions): SessionFormat {
  const { cookieName, driver, cookie } = options
  const format: SessionFormat = {
    cookieName,
    idOf(value) {
      const id = laravelCookieText(cookieName, value, cookie)
      return id !== undefined && ID.test(id) ? id : undefined
    },
    keyOf: (id) => `${options.prefix}${id}`,
    decode(stored, nowMs) {
      if (isPast(stored, options.lifetimeMs, nowMs)) return "expired"
      ensureSize(stored.bytes)
      const payload = driver === "cookie" ? carriedPayload(stored.bytes, nowMs) : PAYLOADS[driver](stored)
      return payload === "expired" ? payload : readPayload(payload, options)
    },
  }
  return driver === "cookie" ? { ...format, carried: (header, id) => carriedIn(header, id, cookie) } : format
}

/** Where Laravel's own session guard keeps the user's id. */
export function laravelLoginKey(guard: string): string {
  return `login_${guard}_${createHash("sha1").update("Illuminate\\Auth\\SessionGuard").digest("hex")}`
}

const PAYLOADS: Readonly<Record<Exclude<LaravelDriver, "cookie">, (stored: StoredSession) => Uint8Array>> = {
  // The cache serializes once more what the session has serialized.
  redis: ({ bytes }) => unserializedString(bytes) ?? fail("a serialized string around the session"),
  memcached: ({ bytes, flags = 0 }) => memcachedString(bytes, flags),
  file: ({ bytes }) => bytes,
  database: ({ bytes }) => Buffer.from(Buffer.from(bytes).toString("latin1"), "base64"),
}

/** The second cookie, named by the id, is the session. */
function carriedIn(header: string, id: string, options: LaravelCookieOptions): StoredSession | undefined {
  const value = cookieOf(header, id)
  const text = value === undefined ? undefined : laravelCookieText(id, value, options)
  return text === undefined ? undefined : { bytes: Buffer.from(text, "utf8") }
}

function carriedPayload(bytes: Uint8Array, nowMs: number): Uint8Array | "expired" {
  const members = arrayOf(readPhpJson(bytes)).members
  const expires = members.get("expires")
  const payload = members.get("data")
  if (typeof expires !== "number" || !(payload instanceof Uint8Array)) return fail("data and expires in the cookie")
  return nowMs > expires * 1_000 ? "expired" : payload
}

function readPayload(payload: Uint8Array, options: LaravelFormatOptions): PhpArray {
  const bytes = options.encrypt ? decryptedPayload(payload, options) : payload
  // What cannot be decrypted is an empty session to Laravel.
  if (!bytes) return new PhpArray()
  return arrayOf(options.serialization === "json" ? readPhpJson(bytes) : unserialize(bytes))
}

function decryptedPayload(payload: Uint8Array, { cookie }: LaravelFormatOptions): Uint8Array | undefined {
  const plain = decryptLaravel(Buffer.from(payload).toString("latin1"), cookie.keys, cookie.cipher)
  return plain && unserializedString(plain)
}

function fail(expected: string): never {
  throw new UnreadableBytes(`expected ${expected}`)
}
