import { z } from "zod"
import { authSchema } from "./auth.ts"
import { ruleSchema } from "./channel-rules.ts"
import { chatSchema } from "./chat.ts"
import { choice, duration, type FieldDoc, flag, integer, openChoice, openFlag, text, texts } from "./fields.ts"
import { limitsSchema } from "./limits.ts"
import { pusherAppSchema, pusherSchema } from "./pusher.ts"
import { callbackSchema, sessionsSchema } from "./sessions.ts"
import { siteSchema } from "./sites.ts"

const serverSchema = z.strictObject({
  host: text("Address to listen on. Anything but loopback means production mode.", {
    default: "127.0.0.1",
    expects: "an address or a host name, without port and brackets",
    pattern: /^([^\s/:[\]]+|[0-9a-fA-F]*:[0-9a-fA-F.]*:[0-9a-fA-F:.]*(%\w+)?)$/,
    env: "SKEIN_HOST",
  }),
  port: integer("Port to listen on. 0 takes a free one and prints it.", {
    default: 8_080,
    min: 0,
    max: 65_535,
    env: "SKEIN_PORT",
  }),
  origins: texts(
    "Web sites whose pages may connect, in addition to the server's own: `https://shop.example`, `https://*.shop.example`, or `*` for all. In development the pages of this machine may as well (`localhost`, `127.0.0.1`, `[::1]`, any port).",
    {
      default: [],
      expects: 'a list of origins like "https://shop.example" (scheme and host, no path), or "*"',
      pattern: /^(\*|https?:\/\/[^\s/]+)$/,
    },
  ),
  trustedProxies: texts(
    "Addresses or networks of your reverse proxies. X-Forwarded-For is believed only when it comes from one of these.",
    {
      default: [],
      expects: 'a list of addresses or networks like "10.0.0.0/8"',
      pattern: /^[0-9a-fA-F.:]+(\/\d{1,3})?$/,
    },
  ),
})

const brokerSchema = z.strictObject({
  durability: choice(
    '"commit": an acknowledged publication survives the death of the process. "fsync": it survives loss of power too, and costs a disk flush per group of publications.',
    ["commit", "fsync"],
    { default: "commit" },
  ),
  maxQueuedPublications: integer(
    "Publications waiting to be written. Beyond that, publishing is refused for the moment.",
    {
      default: 100_000,
      min: 100,
      max: 10_000_000,
    },
  ),
  maxQueuedBytes: integer(
    "Bytes of publications waiting to be written. Beyond that, publishing is refused for the moment.",
    {
      default: 64 * 1_024 * 1_024,
      min: 1_024 * 1_024,
      max: 4 * 1_024 * 1_024 * 1_024,
      unit: "bytes",
    },
  ),
})

const plainSchema = z.strictObject({
  enabled: flag("Serves the plain JSON protocol for a bare WebSocket.", { default: true }),
  senderEcho: flag("The sender of a message receives it too, like everyone in the room.", { default: false }),
  createRooms: openFlag("Joining a room that does not exist opens it, when chat.create_rooms allows that person to.", {
    defaultNote: "true in development, false in production",
  }),
  language: choice("Language of answers to clients whose Accept-Language names neither.", ["zh-CN", "en"], {
    default: "zh-CN",
  }),
})

const centrifugeSchema = z.strictObject({
  websocket: flag("Serves centrifuge clients over WebSocket.", { default: true }),
  httpStream: flag("Serves centrifuge clients over a streamed HTTP response.", { default: true }),
  sse: flag("Serves centrifuge clients over EventSource.", { default: true }),
})

const assetsSchema = z.strictObject({
  baseUrl: text("Where the pages load their scripts and styles from, for example a CDN. Empty: from this server.", {
    default: "",
    expects: "empty or an http(s) address without a slash at its end",
    pattern: /^(https?:\/\/\S*[^\s/])?$/,
  }),
})

const drainSchema = z.strictObject({
  windowMs: duration(
    "On SIGTERM, connections are closed evenly over this time, so that they do not all return at once.",
    {
      default: "10s",
      min: "0s",
      max: "30m",
    },
  ),
})

const logSchema = z.strictObject({
  level: choice("Lowest severity that is logged.", ["trace", "debug", "info", "warn", "error", "silent"], {
    default: "info",
  }),
  format: choice('"auto": pretty on a terminal, JSON lines otherwise.', ["auto", "json", "pretty"], {
    default: "auto",
  }),
})

const CHANNELS: FieldDoc = {
  doc: "Rules of channels, `[[channels]]` each. An exact name beats a pattern, a longer pattern beats a shorter one.",
  kind: "tables",
  expects: "a list of rules",
  defaultNote: "in development `public:*`, `stream:*`, `open:*` and `*`; in production none",
}

const PUSHER_APPS: FieldDoc = {
  doc: "Apps of the Pusher protocol, `[[pusher_apps]]` each, with a key and a secret of their own. Keys never open another app's channels.",
  kind: "tables",
  expects: "a list of apps",
  defaultNote: "one app: `pusher.app_id`, `pusher.app_key`, `pusher.app_secret`",
}

const SITES: FieldDoc = {
  doc: "Further sites whose login sessions sign users in, `[[sites]]` each: for apps of the Pusher protocol that belong to another site than that of `[sessions]`.",
  kind: "tables",
  expects: "a list of sites",
  defaultNote: "none",
}

/**
 * Every setting of the program, each with its default, its bounds and its sentence in the reference page.
 *
 * Names here are the program's: `limits.pingIntervalMs` is written `ping_interval` in the file's `[limits]` and
 * `SKEIN_LIMITS_PING_INTERVAL` in the environment (durations carry their unit in the value there).
 */
export const configSchema = z.strictObject({
  mode: openChoice(
    '"development" opens the server to guests of this machine. "production" opens nothing that is not configured.',
    ["development", "production"],
    {
      defaultNote:
        "development when the host is loopback and no `server.trusted_proxies` are set, production otherwise",
    },
  ),
  data: text("Folder for everything the server stores. Created if missing, readable by its owner only.", {
    default: "./data",
    expects: "a path",
    pattern: /./,
  }),
  server: serverSchema.prefault({}),
  auth: authSchema.prefault({}),
  sessions: sessionsSchema.prefault({}),
  callback: callbackSchema.prefault({}),
  channels: z
    .array(ruleSchema)
    .optional()
    .meta({ ...CHANNELS }),
  pusherApps: z
    .array(pusherAppSchema)
    .optional()
    .meta({ ...PUSHER_APPS }),
  sites: z
    .array(siteSchema)
    .prefault([])
    .meta({ ...SITES }),
  limits: limitsSchema.prefault({}),
  broker: brokerSchema.prefault({}),
  chat: chatSchema.prefault({}),
  plain: plainSchema.prefault({}),
  centrifuge: centrifugeSchema.prefault({}),
  pusher: pusherSchema.prefault({}),
  assets: assetsSchema.prefault({}),
  drain: drainSchema.prefault({}),
  log: logSchema.prefault({}),
})

/** As read and checked; what depends on the mode or on the data folder may still be open. */
export type Settings = z.output<typeof configSchema>
