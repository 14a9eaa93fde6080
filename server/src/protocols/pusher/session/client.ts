import type { Connection } from "../../../core/connection.ts"
import type { RateLimit } from "../../../core/limits.ts"
import type { App } from "../apps.ts"
import type { PusherParts } from "../options.ts"
import type { LeftChannel } from "../pages.ts"
import type { Shared } from "../shared.ts"
import type { Asker } from "./authorizing.ts"
import type { Confirmations } from "./replay.ts"

/** Who a client signed in as. */
export interface SignedInUser {
  readonly id: string
  /** As its back end signed it. */
  readonly userInfo: unknown
}

/** One client, as the commands see it. */
export interface Client extends Asker {
  readonly app: App
  readonly parts: PusherParts
  readonly shared: Shared
  readonly connection: Connection
  /** The part of its socket id that survives reconnects. */
  readonly page: number
  /** Gets positions and recovers by them. */
  readonly recovering: boolean
  /** For stock clients that want replay. */
  readonly confirmations: Confirmations | undefined
  /** Where it stood when it dropped, by core channel; emptied channel by channel as it comes back. */
  readonly left: Map<string, LeftChannel>
  readonly clientEventRate: RateLimit
  readonly subscribeRate: RateLimit
  user: SignedInUser | undefined
  /** Signed in, or holds a signed subscription. */
  isAuthorized: boolean
  send(frame: string): void
}
