import { type AppOptions, DEFAULT_APP_LIMITS } from "../options.ts"

/** An app for tests; say only what differs. */
export function appWith(change: Partial<AppOptions> & Pick<AppOptions, "id" | "keys">): AppOptions {
  return {
    enabled: true,
    sharesChannels: false,
    channelNames: "pusher",
    allowsOrigin: () => true,
    clientEvents: true,
    subscriptionCount: false,
    watchlist: true,
    authorizeWithinMs: 0,
    terminateCode: 4009,
    replayWindowMs: 0,
    limits: DEFAULT_APP_LIMITS,
    ...change,
  }
}
