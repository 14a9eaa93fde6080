import type { SessionFormat } from "./format.ts"
import { LARAVEL_DRIVERS, type LaravelDriver, laravelFormat, laravelLoginKey } from "./laravel.ts"
import { type LaravelCipher, laravelKeys } from "./laravel-envelope.ts"
import { nativeFormat } from "./native.ts"
import type { Path, PersonPaths } from "./person-in.ts"
import type { SerializeHandler } from "./session-handlers.ts"
import { thinkPhpFormat } from "./thinkphp.ts"

/** Where a site keeps its sessions. `cookie` and `database` are Laravel's, `cache_files` is ThinkPHP's. */
export type SessionStoreKind = "files" | "redis" | "memcached" | "database" | "cookie" | "cache_files"

/** How a site keeps its sessions: the section `[sessions]` of the configuration, which says what each means. */
export interface PhpSessionSettings {
  readonly framework: "php" | "laravel" | "thinkphp"
  readonly store: SessionStoreKind
  readonly cookie?: string | undefined
  readonly userPath: readonly string[]
  readonly namePath: string
  readonly avatarPath: string
  readonly prefix?: string | undefined
  /** 0: what the framework does by itself. */
  readonly lifetimeMs: number
  readonly folder?: string | undefined
  readonly folderDepth: number
  readonly redisUrls: readonly string[]
  readonly memcachedServers: readonly string[]
  readonly databaseUrl?: string | undefined
  readonly databaseTable: string
  readonly handler: SerializeHandler
  readonly serialization: "php" | "json"
  readonly compressed: boolean
  readonly appKey?: string | undefined
  readonly previousKeys: readonly string[]
  readonly cipher: LaravelCipher
  readonly encrypt: boolean
  readonly cookieEncrypted: boolean
  readonly cookieSerialized: boolean
  readonly cookiePrefixed: boolean
  readonly guard: string
  readonly timeoutMs: number
  readonly recheckIntervalMs: number
  readonly maxRechecksPerSecond: number
}

type Framework = PhpSessionSettings["framework"]

const COOKIES: Readonly<Record<Framework, string>> = {
  php: "PHPSESSID",
  laravel: "laravel_session",
  thinkphp: "PHPSESSID",
}

const LIFETIMES_MS: Readonly<Record<Framework, number>> = {
  php: 1_440_000,
  laravel: 7_200_000,
  thinkphp: 1_440_000,
}

/** What each of PHP's own save handlers puts before the id. */
const NATIVE_PREFIXES: Readonly<Partial<Record<SessionStoreKind, string>>> = {
  files: "sess_",
  redis: "PHPREDIS_SESSION:",
  memcached: "memc.sess.key.",
}

/** @throws Error for settings that do not go together, and keys of the wrong length; keys are not shown */
export function formatOf(settings: PhpSessionSettings): SessionFormat {
  return FORMATS[settings.framework](settings)
}

/** Where in the sessions of this site the person is. */
export function pathsOf(settings: PhpSessionSettings): PersonPaths {
  const { framework, guard, namePath, avatarPath } = settings
  const login = laravelLoginKey(guard)
  const user =
    settings.userPath.length > 0 ? settings.userPath.map(pathOf) : [framework === "laravel" ? [login] : ["user_id"]]
  return { user, name: pathOf(namePath), avatar: pathOf(avatarPath) }
}

/** `user.id`; a dot that belongs to a name is written `\.`. */
function pathOf(text: string): Path {
  return text.split(/(?<!\\)\./).map((name) => name.replaceAll("\\.", "."))
}

const FORMATS: Readonly<Record<Framework, (settings: PhpSessionSettings) => SessionFormat>> = {
  php(settings) {
    const prefix = settings.prefix ?? prefixInSavePath(settings) ?? NATIVE_PREFIXES[settings.store]
    if (prefix === undefined) throw new Error(`PHP keeps no sessions of its own in ${settings.store}`)
    const { depth: folderDepth } = filesPlaceOf(settings)
    return nativeFormat({ ...common(settings), handler: settings.handler, prefix, folderDepth })
  },

  laravel(settings) {
    const { cipher, encrypt, serialization } = settings
    const keys = laravelKeys([settings.appKey ?? "", ...settings.previousKeys], cipher)
    const cookie = {
      keys,
      cipher,
      encrypted: settings.cookieEncrypted,
      serialized: settings.cookieSerialized,
      prefixed: settings.cookiePrefixed,
    }
    return laravelFormat({
      ...common(settings),
      driver: laravelDriver(settings),
      cookie,
      encrypt,
      serialization,
      prefix: settings.prefix ?? "",
    })
  },

  thinkphp(settings) {
    const { compressed, serialization, store, prefix = "" } = settings
    if (store === "database" || store === "cookie") throw new Error(`ThinkPHP keeps no sessions in ${store}`)
    const driver = ({ files: "file", cache_files: "cache-file", redis: "redis", memcached: "memcached" } as const)[
      store
    ]
    // The prefix of the cache store, or of the session's folder, is the beginning of prefix or folder here.
    return thinkPhpFormat({ ...common(settings), driver, prefix, cachePrefix: "", compressed, serialization })
  },
}

function common({ cookie, framework, lifetimeMs }: PhpSessionSettings) {
  return {
    cookieName: cookie ?? COOKIES[framework],
    lifetimeMs: lifetimeMs === 0 ? LIFETIMES_MS[framework] : lifetimeMs,
  }
}

function laravelDriver({ store }: PhpSessionSettings): LaravelDriver {
  const driver = LARAVEL_DRIVERS.find((name) => name === (store === "files" ? "file" : store))
  if (driver) return driver
  throw new Error(`Laravel keeps no sessions in ${store}`)
}

/** Where files are: `session.save_path` may say how deep, `2;/folder` or `2;0600;/folder`; copied as it stands, it counts. */
export function filesPlaceOf({ folder, folderDepth }: PhpSessionSettings): {
  readonly folder: string | undefined
  readonly depth: number
} {
  const [, depth, path] = /^(\d);(?:[0-7]+;)?(.+)$/s.exec(folder ?? "") ?? []
  return depth === undefined ? { folder, depth: folderDepth } : { folder: path, depth: Number(depth) }
}

/** `session.save_path` may say the prefix; copied as it stands, it counts. */
function prefixInSavePath({ store, redisUrls }: PhpSessionSettings): string | undefined {
  if (store !== "redis") return undefined
  return redisUrls.map((url) => new URL(url).searchParams.get("prefix")).find((prefix) => prefix !== null) ?? undefined
}
