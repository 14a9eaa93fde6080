import { z } from "zod"
import { choice, duration, flag, identifier, integer, openFlag, optionalText, text, texts } from "./fields.ts"

// Keys are public, and secrets as short as soketi's own are tried with on one's machine: how long a secret has to be
// depends on the mode (checks.ts).
const KEY = { expects: "1 character or more, no spaces, no colon, no slash", pattern: /^[^\s:/?#]+$/ } as const

const SECRET = { secret: true, expects: "a text, in production of 16 characters or more", pattern: /^.+$/s } as const
const ID = { expects: "1 to 40 letters, digits, _ or -", pattern: /^[A-Za-z0-9_-]{1,40}$/ } as const

export const DEFAULT_MAX_EVENT_BYTES = 102_400

const WEBHOOK_EVENTS = [
  "channel_occupied",
  "channel_vacated",
  "member_added",
  "member_removed",
  "client_event",
  "cache_miss",
  "subscription_count",
] as const

export const pusherSchema = z.strictObject({
  enabled: flag("Serves Pusher clients (pusher-js, Laravel Echo) and Pusher's HTTP API.", { default: true }),
  appId: identifier("Id of the one app there is without `[[pusher_apps]]` (`PUSHER_APP_ID`, `REVERB_APP_ID`).", {
    ...ID,
    default: "skein",
  }),
  appKey: optionalText("Key of that app: its public name, part of every page.", {
    ...KEY,
    defaultNote: "made at the first start and kept in `secrets.json`",
  }),
  appSecret: optionalText("Secret of that app: what its back end signs with.", {
    ...SECRET,
    defaultNote: "made at the first start and kept in `secrets.json`",
  }),
  pathPrefix: text("Prefix of Pusher's paths, for clients with `wsPath` and libraries with `path`.", {
    default: "",
    expects: 'empty or a path like "/realtime", without a slash at its end',
    pattern: /^(\/\S*[^\s/])?$/,
  }),
  defaultEvent: text("What a publication of another protocol is called here, where every event has a name.", {
    default: "message",
    expects: "a name of 1 to 200 characters",
    pattern: /^.{1,200}$/,
  }),
  activityTimeoutMs: duration("Clients that hear nothing for this long ask whether the server is still there.", {
    default: "120s",
    min: "5s",
    max: "10m",
  }),
  clockToleranceMs: duration("How far the clock of a signed HTTP request may be off. Older requests are refused.", {
    default: "10m",
    min: "1s",
    max: "24h",
  }),
})

/** One app of `[[pusher_apps]]`. `id`, `key` and `secret` have no default: an app has to say who it is. */
export const pusherAppSchema = z.strictObject({
  id: identifier("Part of the paths of the HTTP API (`PUSHER_APP_ID`, `REVERB_APP_ID`).", {
    ...ID,
    default: "",
    defaultNote: "must be given",
  }),
  key: text("The app's public name: part of every page.", { ...KEY, default: "", defaultNote: "must be given" }),
  secret: text("What the app's back end signs with: in production 16 characters or more.", {
    ...SECRET,
    default: "",
    defaultNote: "must be given",
  }),
  moreKeys: texts("Further `key:secret` pairs that are accepted, so that one can be changed at a time.", {
    secret: true,
    expects: 'a list of texts like "key:secret"',
    pattern: /^[^\s:/?#]+:.+$/s,
    default: [],
  }),
  enabled: flag("false closes the app: clients are refused with 4003, its back end with 403.", { default: true }),
  sharesChannels: openFlag(
    "Its channels are the channels of the same name in the other protocols. One app at most; those of the other apps are separate.",
    { defaultNote: "true for the only app, false with several" },
  ),
  channelNames: choice(
    '"pusher" allows the characters that Pusher allows in names. "any" adds the others, such as `:`, to reach channels of other protocols.',
    ["pusher", "any"],
    { default: "pusher" },
  ),
  origins: texts(
    "Web sites whose pages may connect: `https://shop.example`, `https://*.shop.example`. Any by default, as at Pusher: connections take no cookies, so a foreign page can do no more than any stranger who knows the key. `/pusher/auth` does take them: there `*` means the pages of `server.origins`.",
    {
      default: ["*"],
      expects: 'a list of origins like "https://shop.example" (scheme and host, no path), or "*"',
      pattern: /^(\*|https?:\/\/[^\s/]+)$/,
    },
  ),
  site: optionalText(
    'Whose login sessions sign its users in, over `/pusher/auth` and `/pusher/user-auth` of this server: "main" is the site of `[sessions]` and `[callback]`, others are named in `[[sites]]`. "none": only the app\'s back end signs.',
    {
      expects: "main, none, or the name of one of [[sites]]",
      pattern: /^[A-Za-z0-9_-]{1,40}$/,
      defaultNote: '`"main"` for the app that shares its channels, when that site is configured',
    },
  ),
  ownChannels: texts(
    'Private and presence channels that are a user\'s own, with `{user}` for the user\'s id at the site. Of the others a login of the site opens only those whose rule in `[[channels]]` has `subscribe = "user"` or `"anyone"`.',
    {
      default: ["private-user.{user}", "private-App.Models.User.{user}"],
      expects: "a list of names like private-user.{user}",
      pattern: /^(private|presence)-(?!encrypted-)[^\s{}]*\{user\}[^\s{}]*$/,
    },
  ),
  clientEvents: flag("Clients may send `client-…` events to private and presence channels they are in.", {
    default: true,
  }),
  subscriptionCount: flag("Subscribers are told how many of them there are.", { default: false }),
  watchlist: flag("Signed-in users may watch others come and go.", { default: true }),
  authorizeWithinMs: duration(
    "A connection that has neither signed in nor a signed subscription by then is closed (4009). 0s: anybody may stay.",
    { default: "0s", min: "0s", max: "10m" },
  ),
  terminate: choice(
    'What `terminate_connections` does to the user\'s clients: "stop" (close code 4009) or "reconnect" (4200), which makes them sign in again.',
    ["stop", "reconnect"],
    { default: "stop" },
  ),
  replayWindowMs: duration(
    "Unmodified clients that have a page id in `wsPath` get what they missed in channels with history when they are back within this. 0s: off.",
    { default: "0s", min: "0s", max: "24h" },
  ),
  maxConnections: integer("Connections of this app on this node, 0 for any number. Beyond: 4004.", {
    default: 0,
    min: 0,
    max: 10_000_000,
  }),
  maxEventBytes: integer("Largest `data` of an event. Pusher itself allows 10240.", {
    default: DEFAULT_MAX_EVENT_BYTES,
    min: 64,
    max: 16_777_216,
    unit: "bytes",
  }),
  maxChannelsPerEvent: integer("Channels of one event.", { default: 100, min: 1, max: 10_000 }),
  maxEventsPerBatch: integer("Events of one batch.", { default: 10, min: 1, max: 1_000 }),
  maxChannelLength: integer(
    "Longest channel name, its prefix included. Pusher itself allows 164. `limits.max_channel_length` holds too.",
    { default: 200, min: 16, max: 900, unit: "characters" },
  ),
  maxPresenceMembers: integer("Users of one presence channel.", { default: 100, min: 1, max: 100_000 }),
  maxPresenceMemberBytes: integer("Largest `user_info` of a member.", {
    default: 1_024,
    min: 16,
    max: 65_536,
    unit: "bytes",
  }),
  clientEventsPerSecond: integer("Client events of one connection per second. Beyond: error 4301.", {
    default: 10,
    min: 1,
    max: 10_000,
  }),
  maxWatchlist: integer("Users that one connection may watch. Beyond: error 4302.", {
    default: 100,
    min: 1,
    max: 10_000,
  }),
  webhookUrls: texts("Addresses of the app's back end that are told what happens. Redirects are not followed.", {
    default: [],
    expects: "a list of http(s) addresses",
    pattern: /^https?:\/\/[^\s]+$/,
  }),
  webhookEvents: texts("Which events are sent. Empty: all.", {
    default: [],
    expects: `a list of ${WEBHOOK_EVENTS.join(", ")}`,
    pattern: new RegExp(`^(${WEBHOOK_EVENTS.join("|")})$`),
  }),
  webhookPrefix: optionalText("Only events of channels whose names begin with this.", { expects: "text" }),
  webhookBatch: flag("Several events may come in one request.", { default: true }),
  webhookMaxAgeMs: duration("An event that could not be delivered for this long is dropped, and the log says so.", {
    default: "24h",
    min: "1m",
    max: "30d",
  }),
})

export type PusherAppSettings = z.output<typeof pusherAppSchema>
