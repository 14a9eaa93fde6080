import { z } from "zod"
import type { Conflict } from "./conflict.ts"
import { choice, duration, flag, integer, optionalText, text, texts } from "./fields.ts"

/** Reading the login sessions of a PHP site where it keeps them. */
export const sessionsSchema = z.strictObject({
  framework: choice(
    'Whose login sessions are read: "php" is `$_SESSION` (also ThinkPHP 5), "laravel" is Laravel 5.8 and newer, "thinkphp" is ThinkPHP 6 and 8. `skein whoami` shows who a cookie is.',
    ["none", "php", "laravel", "thinkphp"],
    { default: "none" },
  ),
  store: choice(
    "Where the sessions are. `database` and `cookie` are Laravel's, `cache_files` is ThinkPHP's cache in files.",
    ["files", "redis", "memcached", "database", "cookie", "cache_files"],
    { default: "files" },
  ),
  cookie: optionalText("Name of the session cookie: `session.name` of PHP and ThinkPHP, `session.cookie` of Laravel.", {
    expects: "the name of a cookie",
    pattern: /^[^\s=;,]+$/,
    defaultNote: "`PHPSESSID`; `laravel_session` for Laravel",
  }),
  userPath: texts(
    "Where in the session the user's id is, with dots for nesting: `user.id`. With several, the first that has an id counts.",
    {
      default: [],
      expects: "a list of names like user.id",
      pattern: /^.+$/,
      defaultNote: "`user_id`; for Laravel what `guard` says",
    },
  ),
  namePath: text("Where in the session the name to show is.", {
    default: "skein.name",
    expects: "a name like user.name",
    pattern: /^.+$/,
  }),
  avatarPath: text("Where in the session the address of the picture is.", {
    default: "skein.avatar",
    expects: "a name like user.avatar",
    pattern: /^.+$/,
  }),
  prefix: optionalText(
    "Everything in front of the session's id in Redis, memcached or a file name. For Laravel the Redis prefix and the cache prefix, like `laravel-database-laravel-cache-`.",
    { expects: "text", defaultNote: "what PHP itself uses; none for ThinkPHP" },
  ),
  lifetimeMs: duration(
    "How long an unused session lives, for stores that keep what has expired. 0s: whatever the framework does by itself.",
    {
      default: "0s",
      min: "0s",
      max: "365d",
    },
  ),
  folder: optionalText("Folder of the session files.", {
    expects: "a path",
    pattern: /./,
    defaultNote: "`/var/lib/php/sessions` for `php`",
  }),
  folderDepth: integer("The number before the path in `session.save_path`: `2;/folder` is 2.", {
    default: 0,
    min: 0,
    max: 8,
  }),
  redisUrls: texts(
    "Redis servers: `redis://:password@host:6379/0`, or as in `session.save_path`: `tcp://host:6379?database=1&auth=…`.",
    {
      default: ["redis://127.0.0.1:6379/0"],
      expects: "a list of addresses like redis://127.0.0.1:6379/0",
      pattern: /^(redis|rediss|tcp|tls|unix):\/\/\S+$/,
      secret: true,
    },
  ),
  memcachedServers: texts("Memcached servers, as in `session.save_path`.", {
    default: ["127.0.0.1:11211"],
    expects: "a list of addresses like 127.0.0.1:11211",
    pattern: /^(\[[0-9a-fA-F:]+\]|[^\s:/]+|\/[^\s:]+)(:\d{1,5}){0,2}$/,
  }),
  databaseUrl: optionalText(
    "Database with Laravel's table of sessions: `mysql://user:password@host/database`, `postgres://…`, `sqlite:///path`.",
    {
      expects: "an address like mysql://user:password@host:3306/database or sqlite:///the/whole/path",
      pattern: /^((mysql|mariadb|postgres|postgresql):\/\/|sqlite:\/\/\/)\S+$/,
      secret: true,
    },
  ),
  databaseTable: text("Name of that table.", {
    default: "sessions",
    expects: "letters, digits and _",
    pattern: /^\w+(\.\w+)?$/,
  }),
  handler: choice("`session.serialize_handler` of php.ini.", ["php", "php_binary", "php_serialize", "igbinary"], {
    default: "php",
  }),
  serialization: choice("Laravel's `session.serialization`; ThinkPHP's `session.serialize`.", ["php", "json"], {
    default: "php",
  }),
  compressed: flag("ThinkPHP's `data_compress`.", { default: false }),
  appKey: optionalText("Laravel's `APP_KEY`, as in its `.env`.", {
    expects: "a key like base64:… with 32 bytes",
    pattern: /^.{16,}$/s,
    secret: true,
  }),
  previousKeys: texts("Laravel's `APP_PREVIOUS_KEYS`.", {
    default: [],
    expects: "a list of keys",
    pattern: /^.{16,}$/s,
    secret: true,
  }),
  cipher: choice("Laravel's `app.cipher`.", ["AES-256-CBC", "AES-128-CBC", "AES-256-GCM", "AES-128-GCM"], {
    default: "AES-256-CBC",
  }),
  encrypt: flag("Laravel's `session.encrypt`: the stored session is encrypted too.", { default: false }),
  cookieEncrypted: flag("False: Laravel's `encryptCookies(except: …)` names the session cookie.", { default: true }),
  cookieSerialized: flag("True: Laravel's `EncryptCookies::$serialize` is set.", { default: false }),
  cookiePrefixed: flag(
    "False: Laravel before 6.18.27 and 7.22.0, whose cookies are not tied to their names. Such a Laravel needs an update.",
    {
      default: true,
    },
  ),
  guard: text("Laravel's guard whose user counts.", {
    default: "web",
    expects: "the name of a guard",
    pattern: /^\w+$/,
  }),
  timeoutMs: duration("How long the store may take to answer.", { default: "1s", min: "50ms", max: "30s" }),
  recheckIntervalMs: duration("How often the session of an open connection is looked at, so that a logout closes it.", {
    default: "500ms",
    min: "100ms",
    max: "1h",
  }),
  maxRechecksPerSecond: integer(
    "At most this many sessions are looked at per second; if there are more, each takes its turn later.",
    {
      default: 2_000,
      min: 1,
      max: 1_000_000,
    },
  ),
})

/** Asking the site who somebody is. */
export const callbackSchema = z.strictObject({
  url: optionalText(
    'Address of the site that says whose cookies these are, as JSON: `{"id":"42","name":"…"}`. Keep it inside your network.',
    { expects: "an http(s) address", pattern: /^https?:\/\/\S+$/ },
  ),
  timeoutMs: duration("How long the site may take to answer.", { default: "2s", min: "50ms", max: "30s" }),
  rememberMs: duration("How long an answer is reused. 0s: every connection asks.", {
    default: "5s",
    min: "0s",
    max: "1h",
  }),
  maxRemembered: integer("Answers remembered at a time.", { default: 10_000, min: 1, max: 1_000_000 }),
  cookies: texts("Names of the cookies that are sent to the site; `*` at the end stands for any. Empty: all.", {
    default: [],
    expects: "a list of names of cookies",
    pattern: /^[^\s=;,]+$/,
  }),
  maxConcurrent: integer("Requests to the site at a time: each keeps one of its PHP processes busy.", {
    default: 16,
    min: 1,
    max: 10_000,
  }),
  failuresToOpen: integer(
    "After failing for this many different visitors in a row, the site is left alone for `open_for`.",
    {
      default: 5,
      min: 1,
      max: 1_000,
    },
  ),
  openForMs: duration("How long the site is left alone after failing.", { default: "5s", min: "100ms", max: "10m" }),
})

export type SessionsSettings = z.output<typeof sessionsSchema>

/** What is missing for the framework and the store that are named. */
export function sessionConflicts(sessions: SessionsSettings): Conflict[] {
  const { framework, store } = sessions
  if (framework === "none") return []
  const conflicts: Conflict[] = []
  const say = (name: string, text: string) =>
    conflicts.push({ names: [`sessions.${name}`, "sessions.framework"], text })
  const stores = STORES[framework]
  if (!stores.includes(store)) {
    say("store", `must be one of ${stores.join(", ")} for ${framework}, got ${store}`)
    return conflicts
  }
  if (framework === "laravel" && sessions.appKey === undefined)
    say("app_key", "is needed to read Laravel's cookies: APP_KEY of its .env")
  if (framework === "laravel" && sessions.prefix === undefined && (store === "redis" || store === "memcached"))
    say("prefix", PREFIX_HELP)
  if (framework !== "php" && sessions.folder === undefined && (store === "files" || store === "cache_files"))
    say(
      "folder",
      `is needed: ${framework === "laravel" ? "storage/framework/sessions" : "runtime/session or runtime/cache"} of the site`,
    )
  if (store === "database" && sessions.databaseUrl === undefined)
    say("database_url", "is needed to read the table of sessions")
  return conflicts
}

const STORES: Readonly<Record<Exclude<SessionsSettings["framework"], "none">, readonly SessionsSettings["store"][]>> = {
  php: ["files", "redis", "memcached"],
  laravel: ["files", "redis", "memcached", "database", "cookie"],
  thinkphp: ["files", "cache_files", "redis", "memcached"],
}

const PREFIX_HELP =
  "is needed: in Redis the Redis prefix and the cache prefix, in memcached the cache prefix. For an app called Shop: shop-database-shop-cache- (Laravel 12.1 and newer), shop_database_shop_cache_ (11), shop_database_shop_cache: (8 and older)"
