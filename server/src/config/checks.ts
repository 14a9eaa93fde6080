import type { Mode } from "./config.ts"
import type { Conflict } from "./conflict.ts"
import { formatDurationMs } from "./duration.ts"
import { DEFAULT_MAX_EVENT_BYTES } from "./pusher.ts"
import type { Settings } from "./schema.ts"
import { sessionConflicts } from "./sessions.ts"
import { siteConflicts } from "./sites.ts"

/** Everything in these settings that does not go together. */
export function findConflicts(settings: Settings, mode: Mode): Conflict[] {
  return [
    ...timeConflicts(settings),
    ...ruleConflicts(settings),
    ...appConflicts(settings),
    ...largeEvents(settings),
    ...(mode === "development" ? [] : [...shortKeys(settings), ...shortAppSecrets(settings)]),
    ...tokenConflicts(settings),
    ...sessionConflicts(settings.sessions),
    ...siteConflicts(settings),
    ...opennessConflicts(settings, mode),
  ]
}

function timeConflicts({ limits }: Settings): Conflict[] {
  const conflicts: Conflict[] = []
  const ping = formatDurationMs(limits.pingIntervalMs)
  if (limits.pongTimeoutMs >= limits.pingIntervalMs)
    conflicts.push({
      names: ["limits.pong_timeout", "limits.ping_interval"],
      text: `must be below limits.ping_interval (${ping}), got ${formatDurationMs(limits.pongTimeoutMs)}`,
    })
  if (limits.idleTimeoutMs <= limits.pingIntervalMs)
    conflicts.push({
      names: ["limits.idle_timeout", "limits.ping_interval"],
      text: `must be above limits.ping_interval (${ping}), or healthy clients are closed between two pings; got ${formatDurationMs(limits.idleTimeoutMs)}`,
    })
  if (limits.maxPayloadBytes > limits.maxFrameBytes)
    conflicts.push({
      names: ["limits.max_payload_bytes", "limits.max_frame_bytes"],
      text: `must not be above limits.max_frame_bytes (${limits.maxFrameBytes}), as no client could send it; got ${limits.maxPayloadBytes}`,
    })
  return conflicts
}

function ruleConflicts({ channels = [] }: Settings): Conflict[] {
  const seen = new Set<string>()
  return channels.flatMap((rule, index) => {
    const conflicts: Conflict[] = []
    if (seen.has(rule.pattern))
      conflicts.push({ names: ["channels"], text: `has two rules for ${rule.pattern}: keep one` })
    seen.add(rule.pattern)
    if (rule.recovery && rule.historySize === 0)
      conflicts.push({
        names: ["channels"],
        text: `[${index}] (${rule.pattern}) has recovery without history: set history_size, for example 1000`,
      })
    return conflicts
  })
}

function appConflicts({ pusher, pusherApps }: Settings): Conflict[] {
  if (!pusherApps) return []
  const conflicts: Conflict[] = []
  for (const [name, value] of [
    ["pusher.app_key", pusher.appKey],
    ["pusher.app_secret", pusher.appSecret],
  ] as const)
    if (value !== undefined)
      conflicts.push({
        names: [name, "pusher_apps"],
        text: "is of the one app there is without pusher_apps: name that app there, or leave pusher_apps out",
      })
  const say = (text: string) => void conflicts.push({ names: ["pusher_apps"], text })
  for (const id of repeated(pusherApps.map((app) => app.id))) say(`has two apps with the id ${id}`)
  const keys = pusherApps.flatMap(({ key, moreKeys }) => [key, ...moreKeys.map((pair) => pair.split(":")[0] ?? "")])
  for (const key of repeated(keys)) say(`has the key ${key} twice`)
  const sharing = pusherApps.filter((app) => app.sharesChannels)
  if (sharing.length > 1)
    say(`lets ${sharing.map(({ id }) => id).join(" and ")} share the channels of the other protocols: only one may`)
  return conflicts
}

const MIN_SECRET_LENGTH = 16

const TOO_SHORT = `in production mode it must have ${MIN_SECRET_LENGTH} or more. Make one: openssl rand -hex 16`

/** Keys like "test-api-key" are for trying things out: whoever guesses one publishes and signs in as anybody. */
function shortKeys({ auth }: Settings): Conflict[] {
  const lists = {
    "auth.token_hmac_secrets": auth.tokenHmacSecrets,
    "auth.subscription_token_hmac_secrets": auth.subscriptionTokenHmacSecrets,
    "auth.api_keys": auth.apiKeys,
  }
  return Object.entries(lists).flatMap(([name, keys]) =>
    keys
      .filter(({ length }) => length < MIN_SECRET_LENGTH)
      .map(({ length }) => ({ names: [name], text: `has one of ${length} characters: ${TOO_SHORT}` })),
  )
}

/** As `shortKeys`, for what the back ends of Pusher apps sign with. */
function shortAppSecrets({ pusher: { appSecret = "" }, pusherApps = [] }: Settings): Conflict[] {
  if (appSecret !== "" && appSecret.length < MIN_SECRET_LENGTH)
    return [{ names: ["pusher.app_secret"], text: `has ${appSecret.length} characters: ${TOO_SHORT}` }]
  return pusherApps.flatMap(({ id, secret, moreKeys }) =>
    [secret, ...moreKeys.map((pair) => pair.slice(pair.indexOf(":") + 1))]
      .filter((text) => text.length > 0 && text.length < MIN_SECRET_LENGTH)
      .map(({ length }) => ({
        names: ["pusher_apps"],
        text: `has a secret of ${length} characters in app ${id}: ${TOO_SHORT}`,
      })),
  )
}

function largeEvents({ pusherApps = [], limits: { maxPayloadBytes } }: Settings): Conflict[] {
  // The default is no wish for events as large as that.
  return pusherApps
    .filter(({ maxEventBytes }) => maxEventBytes > Math.max(maxPayloadBytes, DEFAULT_MAX_EVENT_BYTES))
    .map(({ id, maxEventBytes }) => ({
      names: ["pusher_apps"],
      text: `allows events of ${maxEventBytes} bytes in app ${id}, but a publication may have ${maxPayloadBytes}: raise limits.max_payload_bytes (and limits.max_frame_bytes, limits.max_request_bytes) too`,
    }))
}

function tokenConflicts({ auth }: Settings): Conflict[] {
  const patterns = { "auth.audience_pattern": auth.audiencePattern, "auth.issuer_pattern": auth.issuerPattern }
  return Object.entries(patterns)
    .filter(([, pattern]) => pattern !== undefined && !isPattern(pattern))
    .map(([name]) => ({ names: [name], text: "must be a regular expression" }))
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text)
    return true
  } catch {
    // Not one, which is the answer.
    return false
  }
}

const repeated = (texts: readonly string[]) => new Set(texts.filter((text, index) => texts.indexOf(text) < index))

function opennessConflicts({ server }: Settings, mode: Mode): Conflict[] {
  if (mode === "production" || isLoopbackHost(server.host)) return []
  return [
    {
      names: ["mode", "server.host"],
      text: `cannot be "development" on ${server.host}: it lets guests in without keys and is for loopback only. For guests from elsewhere set auth.guests = "anywhere" instead`,
    },
  ]
}

/** A host to listen on that is reached from this machine only. */
export function isLoopbackHost(host: string): boolean {
  const bare = host.toLowerCase()
  return bare === "localhost" || bare === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(bare)
}
