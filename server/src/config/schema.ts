import { z } from "zod"
import type { ChannelRule } from "../core/rules.ts"
import { DEVELOPMENT_RULES, ruleSchema, toChannelRule } from "./channel-rules.ts"
import {
  choice,
  duration,
  type FieldDoc,
  flag,
  integer,
  openChoice,
  openFlag,
  optionalText,
  text,
  texts,
} from "./fields.ts"
import { limitsSchema } from "./limits.ts"
import { type PusherAppSettings, pusherAppSchema, pusherSchema } from "./pusher.ts"
import { callbackSchema, sessionsSchema } from "./sessions.ts"
import { knowsNobody, MAIN_SITE, NO_SITE, siteSchema } from "./sites.ts"

/**
 * Every setting of the program, each with its default, its bounds and its sentence in the reference page.
 *
 * Names here are the program's: `limits.pingIntervalMs` is written `ping_interval` in the file's `[limits]` and
 * `SKEIN_LIMITS_PING_INTERVAL` in the environment (durations carry their unit in the value there).
 */
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
    "Web sites whose pages may connect, beside the server's own: `https://shop.example`, `https://*.shop.example`, or `*` for all.",
    {
      default: [],
      expects: 'a list of origins like "https://shop.example" (scheme and host, no path), or "*"',
      pattern: /^(\*|https?:\/\/[^\s/]+)$/,
    },
  ),
  trustedProxies: texts(
    "Addresses or networks of your reverse proxies. Only what they say in X-Forwarded-For is believed.",
    {
      default: [],
      expects: 'a list of addresses or networks like "10.0.0.0/8"',
      pattern: /^[0-9a-fA-F.:]+(\/\d{1,3})?$/,
    },
  ),
})

const WHERE = ["off", "loopback", "anywhere"] as const
const WHERE_NOTE = '"loopback" in development, "off" in production'

const secret = { secret: true, expects: "16 characters or more", pattern: /^.{16,}$/s } as const

const pems = {
  default: [],
  expects: "a list of PEM texts beginning with -----BEGIN PUBLIC KEY----- or -----BEGIN CERTIFICATE-----",
  pattern: /^\s*-----BEGIN (PUBLIC KEY|CERTIFICATE)-----/,
} as const

const httpAddress = { expects: "an http(s) address", pattern: /^https?:\/\/\S+$/ } as const

const authSchema = z.strictObject({
  tokenHmacSecrets: texts(
    "Secrets of connection and subscription tokens (JWT with HS256, HS384 or HS512). The first signs, all verify, so that a secret can be changed without closing anyone out.",
    {
      ...secret,
      expects: "a list of secrets of 16 characters or more",
      default: [],
      defaultNote: "one secret made at the first start",
      env: "SKEIN_TOKEN_HMAC_SECRET",
    },
  ),
  tokenPublicKeys: texts(
    "Public keys (PEM) or certificates (PEM) that also verify tokens, for RS256, ES256 and EdDSA and their longer kinds.",
    pems,
  ),
  jwksUrl: optionalText("Where to fetch public keys that verify tokens (JWKS).", httpAddress),
  jwksFile: optionalText("A file with public keys that also verify tokens (JWKS), read at the start.", {
    expects: "the path of a file",
    pattern: /./,
  }),
  subscriptionTokenHmacSecrets: texts(
    "As `auth.token_hmac_secrets`, for subscription tokens only. With any `subscription_…` setting the keys of connection tokens open no channel.",
    {
      ...secret,
      expects: "a list of secrets of 16 characters or more",
      default: [],
      defaultNote: "subscription tokens have the same keys as connection tokens",
    },
  ),
  subscriptionTokenPublicKeys: texts("As `auth.token_public_keys`, for subscription tokens only.", pems),
  subscriptionJwksUrl: optionalText("As `auth.jwks_url`, for subscription tokens only.", httpAddress),
  audience: optionalText("Tokens must carry this `aud`, or one that fits `auth.audience_pattern`.", {
    expects: "text",
  }),
  audiencePattern: optionalText("Tokens must carry an `aud` that fits this as a whole, or `auth.audience`.", {
    expects: "a regular expression",
  }),
  issuer: optionalText("Tokens must carry this `iss`, or one that fits `auth.issuer_pattern`.", { expects: "text" }),
  issuerPattern: optionalText("Tokens must carry an `iss` that fits this as a whole, or `auth.issuer`.", {
    expects: "a regular expression",
  }),
  apiKeys: texts("Keys of your back end for the HTTP API. Several, so that one can be changed at a time.", {
    ...secret,
    expects: "a list of keys of 16 characters or more",
    default: [],
    defaultNote: "one key made at the first start",
    env: "SKEIN_API_KEY",
  }),
  sessionSecret: optionalText("Signs the cookies of guests.", { ...secret, defaultNote: "made at the first start" }),
  guests: openChoice("Where visitors may come from who only choose a name.", WHERE, { defaultNote: WHERE_NOTE }),
  trustUserId: openChoice(
    "Where clients may come from that are believed who they say they are (`?user_id=…`, no token). Anybody there can be anybody.",
    WHERE,
    { defaultNote: WHERE_NOTE },
  ),
  allowAnonymous: openFlag("Connections without any identity are accepted; channel rules decide what they may do.", {
    defaultNote: "true in development, false in production",
  }),
})

const brokerSchema = z.strictObject({
  durability: choice(
    '"commit": an acknowledged publication survives the death of the process. "fsync": it survives loss of power too, and costs a disk flush per group of publications.',
    ["commit", "fsync"],
    { default: "commit" },
  ),
  maxQueuedPublications: integer("Publications waiting to be written. Past it publishing is refused for the moment.", {
    default: 100_000,
    min: 100,
    max: 10_000_000,
  }),
  maxQueuedBytes: integer(
    "Bytes of publications waiting to be written. Past it publishing is refused for the moment.",
    {
      default: 64 * 1_024 * 1_024,
      min: 1_024 * 1_024,
      max: 4 * 1_024 * 1_024 * 1_024,
      unit: "bytes",
    },
  ),
})

const chatSchema = z.strictObject({
  enabled: flag("Serves the chat: its page, its widget and its API.", { default: true }),
  defaultRooms: texts("Rooms that exist from the first start and that every user joins.", {
    default: ["lobby"],
    expects: "a list of room names: letters, digits, - and _, at most 60 characters",
    pattern: /^[\p{L}\p{N}_-]{1,60}$/u,
  }),
  createRooms: openChoice(
    'Who may open rooms: "anyone" includes guests, "users" needs an account of your site, "nobody" leaves it to the back end.',
    ["anyone", "users", "nobody"],
    { defaultNote: '"anyone" in development, "users" in production' },
  ),
  maxTextLength: integer("Longest message.", { default: 4_000, min: 1, max: 4_000, unit: "characters" }),
  maxRooms: integer("Rooms there may be; direct conversations do not count.", {
    default: 10_000,
    min: 1,
    max: 10_000_000,
  }),
  messagesPerSecond: integer(
    "Messages, edits and deletions per second of one person in the long run, over all connections. The back end has no such bound.",
    { default: 5, min: 1, max: 10_000 },
  ),
  messageBurst: integer("Messages, edits and deletions of one person at once.", { default: 20, min: 1, max: 100_000 }),
  requestsPerSecond: integer(
    "Questions (history, members, rooms, catching up) per second of one person in the long run, over all connections. Typing notices, read positions and joins have fixed rates of their own.",
    { default: 20, min: 1, max: 10_000 },
  ),
  requestBurst: integer("Questions of one person at once.", { default: 100, min: 1, max: 100_000 }),
  roomsPerHour: integer("Rooms one person may open per hour in the long run; five at once.", {
    default: 60,
    min: 1,
    max: 100_000,
  }),
  guestsPerMinute: integer(
    "New guests per minute from one address in the long run. A whole school may stand behind one address.",
    { default: 60, min: 1, max: 100_000 },
  ),
  guestBurst: integer("New guests from one address at once.", { default: 100, min: 1, max: 100_000 }),
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
  level: choice("Least severity that is logged.", ["trace", "debug", "info", "warn", "error", "silent"], {
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
  defaultNote: "one app, `skein`, whose key and secret are made at the first start and kept in `secrets.json`",
}

const SITES: FieldDoc = {
  doc: "Further sites whose login sessions sign users in, `[[sites]]` each: for apps of the Pusher protocol that belong to another site than that of `[sessions]`.",
  kind: "tables",
  expects: "a list of sites",
  defaultNote: "none",
}

export const configSchema = z.strictObject({
  mode: openChoice(
    '"development" opens the server to guests of this machine. "production" opens nothing that is not configured.',
    ["development", "production"],
    {
      defaultNote:
        "development when the host is loopback and no `server.trusted_proxies` are set, production otherwise",
    },
  ),
  data: text("Folder of everything that is kept. Made when missing, readable by its owner only.", {
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

type Closed<T, K extends keyof T> = Omit<T, K> & { [P in K]-?: Exclude<T[P], undefined> }

/** What the program runs with: nothing left open. Secrets come from the configuration or from the data folder. */
export type Config = Omit<Closed<Settings, "mode">, "auth" | "channels" | "chat" | "plain" | "pusherApps"> & {
  auth: Closed<Settings["auth"], "sessionSecret" | "guests" | "trustUserId" | "allowAnonymous">
  channels: readonly ChannelRule[]
  pusherApps: readonly Closed<PusherAppSettings, "sharesChannels" | "site">[]
  chat: Closed<Settings["chat"], "createRooms">
  plain: Closed<Settings["plain"], "createRooms">
}

/** What the data folder adds when the configuration names no keys. */
export interface Secrets {
  readonly tokenHmacSecret: string
  readonly apiKey: string
  readonly sessionSecret: string
  /** Of the Pusher app that is there when none is configured. */
  readonly pusherKey: string
  readonly pusherSecret: string
}

export type Mode = Config["mode"]

/** Fills in what depends on the mode and on the secrets. Pure. */
export function closeSettings(settings: Settings, mode: Mode, secrets: Secrets): Config {
  const development = mode === "development"
  const where = development ? "loopback" : "off"
  const { auth, chat, plain } = settings
  return {
    ...settings,
    mode,
    auth: {
      ...auth,
      tokenHmacSecrets: auth.tokenHmacSecrets.length > 0 ? auth.tokenHmacSecrets : [secrets.tokenHmacSecret],
      apiKeys: auth.apiKeys.length > 0 ? auth.apiKeys : [secrets.apiKey],
      sessionSecret: auth.sessionSecret ?? secrets.sessionSecret,
      guests: auth.guests ?? where,
      trustUserId: auth.trustUserId ?? where,
      allowAnonymous: auth.allowAnonymous ?? development,
    },
    channels: settings.channels?.map(toChannelRule) ?? (development ? DEVELOPMENT_RULES : []),
    pusherApps: closePusherApps(settings, secrets),
    chat: { ...chat, createRooms: chat.createRooms ?? (development ? "anyone" : "users") },
    plain: { ...plain, createRooms: plain.createRooms ?? development },
  }
}

function closePusherApps(settings: Settings, { pusherKey, pusherSecret }: Secrets): Config["pusherApps"] {
  const { pusherApps, sessions, callback } = settings
  const all = pusherApps ?? [pusherAppSchema.parse({ id: "skein", key: pusherKey, secret: pusherSecret })]
  const hasMainSite = !knowsNobody({ sessions, callback })
  return all.map((app) => {
    const sharesChannels = app.sharesChannels ?? all.length === 1
    return { ...app, sharesChannels, site: app.site ?? (sharesChannels && hasMainSite ? MAIN_SITE : NO_SITE) }
  })
}
