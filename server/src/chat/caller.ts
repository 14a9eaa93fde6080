import type { Clock } from "../core/clock.ts"
import type { Identity } from "../core/connection.ts"
import type { Logger } from "../core/logger.ts"
import type { ChatStore, StoredUser } from "../store/contract.ts"
import type { ChatConfig, ChatRates } from "./config.ts"
import type { Method, Output, Parsed } from "./contract.ts"
import type { Headcounts } from "./headcounts.ts"
import { ANONYMOUS_PREFIX } from "./ids.ts"
import type { Lanes } from "./lanes.ts"
import type { ChatOwner } from "./owner.ts"
import type { People } from "./people.ts"
import type { ChatChannels, Pushes } from "./pushes.ts"
import type { UserRates } from "./rates.ts"
import type { TypingNotices } from "./typing.ts"

/** What every call works with. */
export interface ChatParts {
  readonly store: ChatStore
  readonly channels: ChatChannels
  readonly clock: Clock
  readonly log: Logger
  readonly config: ChatConfig
  readonly people: People
  readonly rates: UserRates
  readonly lanes: Lanes
  readonly pushes: Pushes
  readonly headcounts: Headcounts
  readonly typing: TypingNotices
  readonly owner: ChatOwner
  /** The network that people without a name are counted by. Undefined: not counted together (this machine). */
  readonly networkOf: (address: string) => string | undefined
  readonly closeSession: (sessionId: string) => void
  readonly closeUser: (userId: string) => void
}

/** Who calls. */
export interface Caller {
  readonly identity: Identity
  readonly user: StoredUser
}

/** What the caller's rates are counted by. No user of a site has an id that begins like those of people without a name. */
export const ratedBy = ({ userId, network }: Identity): string =>
  network === undefined ? userId : `${ANONYMOUS_PREFIX}${network}`

/**
 * Counts a call by `key`. The site's back end has no such bounds, also where it speaks as one of the users.
 *
 * @throws SkeinError `too_many_requests`
 */
export function ensureRate({ rates }: ChatParts, { backEnd }: Identity, key: string, kind: keyof ChatRates): void {
  if (!backEnd) rates.ensure(key, kind)
}

/** One operation of the contract: input checked against its schema, answer as the contract says. */
export type Call<M extends Method> = (parts: ChatParts, caller: Caller, input: Parsed<M>) => Promise<Output<M>>
