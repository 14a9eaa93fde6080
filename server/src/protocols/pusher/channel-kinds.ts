/** What a channel's name says about it. */
export interface ChannelKind {
  readonly access: "public" | "private" | "presence" | "user"
  /** Only clients can read its events; they carry no client events. */
  readonly encrypted: boolean
  /** The last event is kept and given to new subscribers. */
  readonly cache: boolean
}

/** Begins the channel that reaches all connections of one user, by the user's id. */
export const USER_CHANNEL_PREFIX = "#server-to-user-"

const kind = (access: ChannelKind["access"], ...marks: readonly ("encrypted" | "cache")[]): ChannelKind => ({
  access,
  encrypted: marks.includes("encrypted"),
  cache: marks.includes("cache"),
})

/** Longer ones first: the first that a name begins with counts. */
export const CHANNEL_PREFIXES: readonly (readonly [prefix: string, kind: ChannelKind])[] = [
  ["private-encrypted-cache-", kind("private", "encrypted", "cache")],
  ["private-encrypted-", kind("private", "encrypted")],
  ["private-cache-", kind("private", "cache")],
  ["presence-cache-", kind("presence", "cache")],
  ["private-", kind("private")],
  ["presence-", kind("presence")],
  ["cache-", kind("public", "cache")],
  [USER_CHANNEL_PREFIX, kind("user")],
]

const PUBLIC = kind("public")

/** The kind of a channel, by the beginning of its name. */
export function kindOf(channel: string): ChannelKind {
  for (const [prefix, kind] of CHANNEL_PREFIXES) if (channel.startsWith(prefix)) return kind
  return PUBLIC
}

const NAMES = {
  pusher: { pattern: /^[A-Za-z0-9_\-=@,.;]+$/, characters: "letters, digits and _ - = @ , . ;" },
  any: { pattern: /^(?!app:|#)[\x21-\x7e]+$/, characters: "printable ASCII, not beginning with app: or #" },
} as const

/** @returns what is wrong with the name, undefined when nothing is */
export function channelNameProblem(channel: string, allowed: "pusher" | "any", maxLength: number): string | undefined {
  if (channel === "") return "a channel name must not be empty"
  if (channel.length > maxLength)
    return `a channel name may have ${maxLength} characters, this one has ${channel.length}`
  // Ids of users are the app's own business.
  if (channel.startsWith(USER_CHANNEL_PREFIX) && channel.length > USER_CHANNEL_PREFIX.length) return undefined
  if (NAMES[allowed].pattern.test(channel)) return undefined
  return `a channel name consists of ${NAMES[allowed].characters}; got ${JSON.stringify(channel)}`
}
