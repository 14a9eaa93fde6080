import { describe, expect, test } from "bun:test"
import { formatOf, type PhpSessionSettings, pathsOf } from "./settings.ts"

const DEFAULTS: PhpSessionSettings = {
  framework: "php",
  store: "files",
  userPath: [],
  namePath: "skein.name",
  avatarPath: "skein.avatar",
  lifetimeMs: 0,
  folderDepth: 0,
  redisUrls: [],
  memcachedServers: [],
  databaseTable: "sessions",
  handler: "php",
  serialization: "php",
  compressed: false,
  previousKeys: [],
  cipher: "AES-256-CBC",
  encrypt: false,
  cookieEncrypted: true,
  cookieSerialized: false,
  cookiePrefixed: true,
  guard: "web",
  timeoutMs: 1_000,
  recheckIntervalMs: 700,
  maxRechecksPerSecond: 2_000,
}
const APP_KEY = `base64:${Buffer.alloc(32, 7).toString("base64")}`
const ID = "a".repeat(40)

describe("where the session of an id is", () => {
  const cases: readonly [string, Partial<PhpSessionSettings>, string][] = [
    ["PHP in files", {}, "sess_ID"],
    ["PHP in files two folders deep", { folderDepth: 2 }, "a/a/sess_ID"],
    ["PHP in files, save_path copied", { folder: "2;0600;/var/sessions" }, "a/a/sess_ID"],
    ["PHP in Redis", { store: "redis" }, "PHPREDIS_SESSION:ID"],
    ["PHP in Redis, save_path copied", { store: "redis", redisUrls: ["tcp://h:1?prefix=shop:&database=2"] }, "shop:ID"],
    ["PHP in memcached", { store: "memcached" }, "memc.sess.key.ID"],
    ["PHP with a prefix of its own", { store: "redis", prefix: "x_" }, "x_ID"],
    ["Laravel in Redis", { framework: "laravel", store: "redis", appKey: APP_KEY, prefix: "l-" }, "l-ID"],
    ["Laravel in files", { framework: "laravel", appKey: APP_KEY }, "ID"],
    ["ThinkPHP in files", { framework: "thinkphp" }, "sess_ID"],
    ["ThinkPHP in Redis", { framework: "thinkphp", store: "redis" }, "ID"],
  ]
  for (const [name, change, expected] of cases)
    test(name, () => expect(formatOf({ ...DEFAULTS, ...change }).keyOf(ID)).toBe(expected.replace("ID", ID)))
})

test("what does not go together is refused", () => {
  expect(() => formatOf({ ...DEFAULTS, store: "database" })).toThrow("PHP keeps no sessions of its own in database")
  expect(() => formatOf({ ...DEFAULTS, framework: "thinkphp", store: "cookie" })).toThrow("ThinkPHP")
  expect(() => formatOf({ ...DEFAULTS, framework: "laravel", store: "cache_files", appKey: APP_KEY })).toThrow(
    "Laravel",
  )
})

test("a key of the wrong length is refused without being shown", () => {
  const settings = { ...DEFAULTS, framework: "laravel", appKey: "topsecret-topsecret" } as const
  expect(() => formatOf(settings)).toThrow("APP_KEY must be 32 bytes for AES-256-CBC, got 19")
  expect(() => formatOf(settings)).not.toThrow("topsecret")
})

test("paths nest at dots, except where a dot is written as part of a name", () => {
  const paths = pathsOf({ ...DEFAULTS, userPath: ["user.id", "a\\.b.c"], namePath: "user.name" })
  expect(paths).toEqual({
    user: [
      ["user", "id"],
      ["a.b", "c"],
    ],
    name: ["user", "name"],
    avatar: ["skein", "avatar"],
  })
})

test("Laravel's guard says where its user is", () => {
  const laravel = { ...DEFAULTS, framework: "laravel", guard: "web" } as const
  expect(pathsOf(laravel).user).toEqual([["login_web_59ba36addc2b2f9401580f014c7f58ea4e30989d"]])
})
