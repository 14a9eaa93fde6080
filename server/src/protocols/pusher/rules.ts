import type { ChannelRule } from "../../core/rules.ts"
import { CHANNEL_PREFIXES } from "./channel-kinds.ts"
import type { AppOptions } from "./options.ts"

/** Pusher keeps the last event of a cache channel for up to half an hour. */
const CACHE_TTL_MS = 30 * 60_000

/** Needs proof of permission: of Pusher's sessions a signature, of others a token. */
const CLOSED: Omit<ChannelRule, "pattern"> = {
  historySize: 0,
  historyTtlMs: CACHE_TTL_MS,
  durability: "memory",
  recovery: false,
  presence: false,
  joinLeave: false,
  subscribe: "token",
  publish: "nobody",
  read: "subscriber",
  echo: true,
  binary: false,
}

/**
 * The rules that make Pusher's channel names mean what they mean at Pusher, for every protocol: nobody gets into
 * `private-x` without a signature or a token. Put them behind the configured rules: a configured rule of the same
 * pattern, or of a longer one, wins (`private-orders.*` with history).
 *
 * The app that shares its channels also gets `*`: its public channels exist without having been configured, for
 * holders of the app key. Other clients still need a token there.
 */
export function pusherRules(apps: readonly AppOptions[]): readonly ChannelRule[] {
  const namespaces = new Set(["", ...apps.map((app) => (app.sharesChannels ? "" : `app:${app.id}:`))])
  const rules: ChannelRule[] = []
  for (const namespace of namespaces) {
    for (const [prefix, kind] of CHANNEL_PREFIXES) {
      const isPresence = kind.access === "presence"
      const pattern = `${namespace}${prefix}*`
      rules.push({ ...CLOSED, pattern, historySize: kind.cache ? 1 : 0, presence: isPresence, joinLeave: isPresence })
    }
    if (namespace !== "") rules.push({ ...CLOSED, pattern: `${namespace}*` })
  }
  if (apps.some((app) => app.sharesChannels)) rules.push({ ...CLOSED, pattern: "*" })
  return [...rules, { ...CLOSED, pattern: "app:*", subscribe: "nobody", read: "nobody" }]
}
