import { z } from "zod"
import type { ChannelRule } from "../core/rules.ts"
import { choice, duration, flag, integer, openFlag, text } from "./fields.ts"

const PERMISSION = ["anyone", "user", "token", "nobody"] as const

const PERMISSIONS =
  '"anyone" includes anonymous connections, "user" needs an identity, "token" a token for this channel'

const MEMBERS_NOTE = "false, true for a pattern that begins with `presence-`"

/** Channels that mean nothing without their members: Pusher's presence channels, also of an app that shares none. */
const OF_MEMBERS = /^(app:[^:]+:)?presence-/

/** `pattern` without its default: a rule has to say what it is for. */
export const ruleSchema = z.strictObject({
  pattern: text("Exact channel name, `name:*` for every channel that begins so, or `*` for all others.", {
    expects: "a channel name of printable ASCII, `*` only at its end, and not `chat:…` (the chat's own)",
    pattern: /^(?!chat:)[\x21-\x29\x2b-\x7e]*[\x21-\x7e]$/,
    default: "",
    defaultNote: "must be given",
  }),
  historySize: integer("How many publications are kept. 0 keeps none.", { default: 0, min: 0, max: 1_000_000 }),
  historyTtlMs: duration("Publications older than this are forgotten.", { default: "24h", min: "1s", max: "3650d" }),
  durability: choice(
    '"disk": on disk before anyone sees it. "memory": history is lost with the process. Without history this has no effect.',
    ["disk", "memory"],
    { default: "disk" },
  ),
  recovery: openFlag("Clients may resume from the position they saw last. Needs history.", {
    defaultNote: "true with history, false without",
  }),
  presence: openFlag("Keeps who is in the channel.", { defaultNote: MEMBERS_NOTE }),
  joinLeave: openFlag("Tells subscribers that ask for it who joins and leaves.", { defaultNote: MEMBERS_NOTE }),
  subscribe: choice(`Who may subscribe: ${PERMISSIONS}.`, PERMISSION, { default: "token" }),
  publish: choice(
    `Which clients may publish; the back end always may: ${PERMISSIONS}, "subscriber" a subscription to the channel.`,
    [...PERMISSION, "subscriber"],
    { default: "nobody" },
  ),
  read: choice(
    `Which clients may read history and presence: ${PERMISSIONS}, "subscriber" a subscription to the channel.`,
    [...PERMISSION, "subscriber"],
    { default: "subscriber" },
  ),
  echo: flag("The publishing connection receives its own publication.", { default: true }),
  binary: flag(
    "Clients may publish payloads that are not JSON; your back end always may (`b64data`). Such a payload cannot be shown to subscribers that speak JSON, and they are closed for good: use this only for channels where everybody speaks Protobuf.",
    { default: false },
  ),
})

export function toChannelRule(rule: z.output<typeof ruleSchema>): ChannelRule {
  const ofMembers = OF_MEMBERS.test(rule.pattern)
  return {
    ...rule,
    recovery: rule.recovery ?? rule.historySize > 0,
    presence: rule.presence ?? ofMembers,
    joinLeave: rule.joinLeave ?? ofMembers,
  }
}

const open: ChannelRule = {
  pattern: "*",
  historySize: 0,
  historyTtlMs: 86_400_000,
  durability: "disk",
  recovery: false,
  presence: false,
  joinLeave: false,
  subscribe: "anyone",
  publish: "nobody",
  read: "subscriber",
  echo: true,
  binary: false,
}

/** Used in development mode when no rule is configured. Production opens nothing by itself. */
export const DEVELOPMENT_RULES: readonly ChannelRule[] = [
  { ...open, pattern: "public:*" },
  { ...open, pattern: "stream:*", historySize: 1_000, recovery: true },
  { ...open, pattern: "open:*", publish: "anyone", presence: true, joinLeave: true },
  open,
]

/** The chat's own channels. Its database is the history, so the channel keeps none. */
export const CHAT_RULE: ChannelRule = {
  ...open,
  pattern: "chat:*",
  durability: "memory",
  presence: true,
  joinLeave: true,
  subscribe: "app",
}
