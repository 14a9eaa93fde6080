import type { Hono } from "hono"
import type { ChannelOwner } from "../core/channels.ts"
import type { Clock } from "../core/clock.ts"
import type { Identity, ServerSubscription } from "../core/connection.ts"
import { SkeinError } from "../core/errors.ts"
import type { Logger } from "../core/logger.ts"
import type { JsonText } from "../core/publication.ts"
import type { Rooms } from "../core/rooms.ts"
import type { Tokens } from "../core/tokens.ts"
import type { ChatStore } from "../store/contract.ts"
import { callForBackEnd } from "./back-end/back-end.ts"
import type { ChatParts } from "./caller.ts"
import { userChannel } from "./channel-names.ts"
import type { ChatConfig } from "./config.ts"
import { DefaultRooms } from "./default-rooms.ts"
import { dispatch, isMethod, readJson } from "./dispatch.ts"
import { HEADCOUNT_INTERVAL_MS, Headcounts } from "./headcounts.ts"
import { restCaller } from "./http/rest-caller.ts"
import { restRoutes } from "./http/rest-routes.ts"
import { type SessionRequests, type SiteIdentity, sessionRoutes } from "./http/session-routes.ts"
import { isAnonymousId } from "./ids.ts"
import { Lanes } from "./lanes.ts"
import { ChatOwner } from "./owner.ts"
import { People } from "./people.ts"
import { PlainRooms } from "./plain-rooms.ts"
import { ensureUsableId } from "./profile.ts"
import { type ChatChannels, Pushes } from "./pushes.ts"
import { QuietGuests } from "./quiet-guests.ts"
import { UserRates } from "./rates.ts"
import { cookieOf, SESSION_COOKIE } from "./session/cookie.ts"
import type { SessionKeys } from "./session/keys.ts"
import { Logins } from "./session/logins.ts"
import { GuestMerging } from "./session/merging.ts"
import { TypingNotices } from "./typing.ts"

export interface ChatOptions {
  readonly store: ChatStore
  readonly channels: ChatChannels
  readonly clock: Clock
  readonly log: Logger
  readonly config: ChatConfig
  readonly keys: SessionKeys
  /** Checks the site's tokens and our own connection tokens. */
  readonly tokens: Pick<Tokens, "connection">
  readonly requests: SessionRequests
  /** Absent: only our own cookie counts. */
  readonly siteIdentity?: SiteIdentity
  /** Whether the end of this session of the site is noticed; tokens made from it are then good only while it is. */
  readonly watchesSession?: (sid: string) => boolean
  /** The network of a client address, undefined on this machine: people without a name are counted by it. */
  readonly networkOf: (address: string) => string | undefined
  /** Whether a user has a connection now. */
  readonly isConnected: (userId: string) => boolean
  /** Ends the connections whose identity has this `sessionId`, or that of a login made with it (`isOfSession`). */
  readonly closeSession: (sessionId: string) => void
  /** Ends all connections of a user. */
  readonly closeUser: (userId: string) => void
}

/** The chat, as the rest of the program sees it. */
export interface Chat {
  /** Makes the default rooms and starts the housekeeping. Does not fail when the store does: calls will say so. */
  start(): Promise<void>
  stop(): void
  isMethod(method: string): boolean
  /** An RPC. @param data - JSON of the operation's input. @returns JSON of its output. @throws SkeinError */
  call(identity: Identity, method: string, data: JsonText | undefined): Promise<JsonText>
  /** A call of the site's back end, whose API key has been checked (`back-end/contract.ts`). @throws SkeinError */
  callForBackEnd(method: string, data: JsonText): Promise<JsonText>
  /** `/chat/v1/*` and `/chat/session`. */
  routes(): Hono
  readonly owner: ChannelOwner
  /** What every chat connection is subscribed to by itself: the person's own channel. */
  serverSubscriptions(identity: Identity): ServerSubscription[]
  /** Who a request's session cookie says it is, for handshakes. */
  identifyByCookie(headers: Headers): Promise<Identity | undefined>
  /**
   * The site says who a handshake is: the guest of its session cookie goes on as that person. Never rejects; nothing
   * is looked up when there is no such cookie.
   */
  welcome(identity: Identity, headers: Headers): Promise<void>
  readonly rooms: Rooms
}

const HOUSEKEEPING_MS = 3_600_000
/** Of one hour. */
const MAX_FORGETTING_CALLS = 200

export function createChat(options: ChatOptions): Chat {
  const { store, channels, clock, log, config } = options
  const defaultRooms = new DefaultRooms(store, config, clock)
  const pushes = new Pushes(channels, log)
  const headcounts = new Headcounts(channels, pushes)
  channels.observe(headcounts)
  const people = new People(store, defaultRooms, clock, (user, rooms) => {
    for (const { id, memberCount } of rooms) headcounts.joined(id, user, memberCount)
  })
  const owner = new ChatOwner(store, channels, config)
  const parts: ChatParts = {
    store,
    channels,
    clock,
    log,
    config,
    people,
    owner,
    rates: new UserRates(config.rates, clock),
    lanes: new Lanes(),
    pushes,
    headcounts,
    typing: new TypingNotices(clock),
    networkOf: options.networkOf,
    closeSession: options.closeSession,
    closeUser: options.closeUser,
  }
  const logins = new Logins({ ...options, people })
  const merging = new GuestMerging({ ...parts, logins })
  const identifyByCookie = async (headers: Headers): Promise<Identity | undefined> => {
    const login = await logins.read(cookieOf(headers, SESSION_COOKIE))
    if (login === undefined) return undefined
    logins.noteVisit(login)
    return logins.identityOf(login)
  }
  const quietGuests = new QuietGuests({ ...options, people, forgetGuestsAfterMs: config.forgetGuestsAfterMs })
  const stops: (() => void)[] = []
  return {
    owner,
    rooms: new PlainRooms(parts),
    isMethod,
    identifyByCookie,
    welcome: async (identity, headers) => void (await merging.welcome(headers, identity)),
    serverSubscriptions,
    call: async (identity, method, data) => JSON.stringify(await dispatch(parts, identity, method, readJson(data))),
    callForBackEnd: (method, data) => callForBackEnd(parts, method, data),
    routes: () => {
      const call = dispatch.bind(undefined, parts)
      const identify = restCaller.bind(undefined, { ...options, merging, identifyByCookie })
      return sessionRoutes({ ...options, logins, merging }).route("/", restRoutes({ ...options, call, identify }))
    },
    start: async () => {
      stops.push(clock.every(HOUSEKEEPING_MS, () => void keepHouse(options, quietGuests)))
      stops.push(clock.every(HEADCOUNT_INTERVAL_MS, () => headcounts.tell()))
      try {
        await defaultRooms.ids()
      } catch (error) {
        // The rest of the server works without the chat's database; rooms are made when somebody comes and it is back.
        log.error(
          { cause: String(error) },
          "chat: the default rooms could not be looked up; tried again at the next sign-in",
        )
      }
    },
    stop: () => {
      for (const stop of stops) stop()
    },
  }
}

function serverSubscriptions(identity: Identity): ServerSubscription[] {
  if (identity.userId === "" || isAnonymousId(identity.userId)) return []
  try {
    ensureUsableId(identity)
    return [{ channel: userChannel(identity.userId) }]
  } catch (error) {
    // Somebody the chat cannot address still may use other channels; a chat call will say why.
    if (error instanceof SkeinError) return []
    throw error
  }
}

async function keepHouse({ store, clock, config, log }: ChatOptions, quietGuests: QuietGuests): Promise<void> {
  try {
    const forgotten = await forgetChanges(store, clock.nowMs() - config.changeRetentionMs)
    if (forgotten > 0) log.info({ forgotten }, "chat: old changes forgotten")
  } catch (error) {
    log.warn({ cause: String(error) }, "chat: old changes could not be forgotten; tried again in an hour")
  }
  try {
    const forgotten = await quietGuests.sweep()
    if (forgotten > 0) log.info({ forgotten }, "chat: guests who have long been away forgotten")
  } catch (error) {
    log.warn(
      { cause: String(error) },
      "chat: guests who have long been away could not be forgotten; tried again in an hour",
    )
  }
}

/** A store forgets those of some conversations at a time, so as not to keep others waiting. */
async function forgetChanges(store: ChatStore, beforeMs: number): Promise<number> {
  let all = 0
  for (let calls = 0; calls < MAX_FORGETTING_CALLS; calls++) {
    const { forgotten } = await store.forgetChanges({ beforeMs })
    if (forgotten === 0) break
    all += forgotten
  }
  return all
}
