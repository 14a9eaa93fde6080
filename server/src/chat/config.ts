/** Steady rate per second and what may come at once. */
export interface Rate {
  readonly perSecond: number
  readonly burst: number
}

/** Per user, over all connections. */
export interface ChatRates {
  /** Sending, editing, deleting. */
  readonly write: Rate
  readonly typing: Rate
  /** Joining what one is not in, leaving, opening direct conversations, renaming. */
  readonly join: Rate
  readonly create: Rate
  /** Read cursors. */
  readonly cursor: Rate
  /** Everything that only asks. */
  readonly query: Rate
}

export interface ChatConfig {
  /** Rooms made at the first start, which everyone joins at the first sign-in. The names become the slugs. */
  readonly defaultRooms: readonly string[]
  /** Who may open rooms: `anyone` includes guests, `users` needs an account of the site. */
  readonly createRooms: "anyone" | "users" | "nobody"
  /** Code points of one message, at most `CHAT_LIMITS.maxTextLength`. */
  readonly maxTextLength: number
  /** Bare sockets without identity may enter public rooms and speak. */
  readonly anonymous: boolean
  /** Language of the names the server itself gives. */
  readonly language: "en" | "zh-CN"
  readonly maxRooms: number
  /** Edits and deletes can be caught up with for this long; later, clients get a reset. */
  readonly changeRetentionMs: number
  /** Guests who have said nothing, have no direct conversation and have been away for this long are forgotten. */
  readonly forgetGuestsAfterMs: number
  readonly rates: ChatRates
  /** New guests from one address. */
  readonly guestRate: Rate
}

export const CHAT_DEFAULTS: ChatConfig = {
  defaultRooms: ["lobby"],
  createRooms: "users",
  maxTextLength: 4_000,
  anonymous: false,
  language: "en",
  maxRooms: 10_000,
  changeRetentionMs: 30 * 24 * 3_600_000,
  forgetGuestsAfterMs: 30 * 24 * 3_600_000,
  rates: {
    write: { perSecond: 5, burst: 20 },
    typing: { perSecond: 5, burst: 20 },
    join: { perSecond: 1, burst: 20 },
    create: { perSecond: 1 / 60, burst: 5 },
    cursor: { perSecond: 10, burst: 40 },
    query: { perSecond: 20, burst: 100 },
  },
  guestRate: { perSecond: 1, burst: 100 },
}
