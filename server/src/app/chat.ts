import { join } from "node:path"
import { type Chat, createChat } from "../chat/chat.ts"
import { CHAT_DEFAULTS, type ChatRates } from "../chat/config.ts"
import { isOfSession, siteMark } from "../chat/session/endings.ts"
import { createSessionKeys } from "../chat/session/keys.ts"
import { isLoopbackHost } from "../config/checks.ts"
import type { Config } from "../config/config.ts"
import { ownClaims } from "../config/own-claims.ts"
import type { Clock } from "../core/clock.ts"
import { CLOSE } from "../core/close-codes.ts"
import type { Tokens } from "../core/tokens.ts"
import { networkOf } from "../gateway/address.ts"
import type { ChatStore } from "../store/contract.ts"
import { startSqliteStore } from "../store/sqlite/proxy.ts"
import type { Log } from "../telemetry/log.ts"
import type { Node } from "./node.ts"
import type { Site } from "./site.ts"

export function createStore(config: Config, clock: Clock, log: Log): ChatStore {
  return startSqliteStore({
    file: join(config.data, "chat.db"),
    durability: config.broker.durability,
    clock,
    log: log.child({ part: "store" }),
  })
}

export interface ChatWiring {
  readonly config: Config
  readonly node: Node
  readonly store: ChatStore
  readonly tokens: Tokens
  readonly site: Site
  readonly clock: Clock
  readonly log: Log
}

/** The chat on this node's channels, with the gateway's knowledge of requests. */
export function createChatOf({ config, node, store, tokens, site, clock, log }: ChatWiring): Chat {
  const { gateway, channels, origins } = node
  const { auth } = config
  const handshake = (request: Request) => gateway.handshake(request, "http")
  const chat = createChat({
    store,
    channels,
    clock,
    log: log.child({ part: "chat" }),
    config: {
      ...CHAT_DEFAULTS,
      defaultRooms: config.chat.defaultRooms,
      createRooms: config.chat.createRooms,
      maxTextLength: config.chat.maxTextLength,
      maxRooms: config.chat.maxRooms,
      forgetGuestsAfterMs: config.chat.forgetGuestsAfterMs,
      rates: ratesOf(config.chat),
      guestRate: { perSecond: config.chat.guestsPerMinute / 60, burst: config.chat.guestBurst },
      // Bound to this machine alone, everyone who can connect at all is on it.
      anonymous: auth.guests === "anywhere" || (auth.guests === "loopback" && isLoopbackHost(config.server.host)),
      language: config.plain.language,
    },
    keys: createSessionKeys({
      sessionSecret: auth.sessionSecret,
      tokenSecret: auth.tokenHmacSecrets[0] ?? "",
      connectionClaims: ownClaims(auth),
      clock,
    }),
    tokens,
    siteIdentity: (request) => site.identity.identify(handshake(request)),
    watchesSession: (sid) => site.watches(siteMark(sid)),
    requests: {
      originAllowed: (request) => origins.allows(request.headers),
      cors: (request) => gateway.cors(request) ?? {},
      address: (request) => countedBy(handshake(request).address),
      isSecure: (request) => handshake(request).secure,
      guestsAllowed: (request) =>
        auth.guests === "anywhere" || (auth.guests === "loopback" && handshake(request).loopback),
    },
    networkOf,
    isConnected: (userId) => channels.hub.ofUser(userId).length > 0,
    closeSession: (sessionId) => {
      for (const connection of [...channels.hub.all()])
        if (isOfSession(connection.identity.sessionId, sessionId)) connection.outlet.close(CLOSE.expired)
    },
    closeUser: (userId) => {
      for (const connection of channels.hub.ofUser(userId)) connection.outlet.close(CLOSE.expired)
    },
  })
  channels.addOwner(chat.owner)
  return chat
}

function ratesOf(chat: Config["chat"]): ChatRates {
  const { rates } = CHAT_DEFAULTS
  return {
    ...rates,
    write: { perSecond: chat.messagesPerSecond, burst: chat.messageBurst },
    query: { perSecond: chat.requestsPerSecond, burst: chat.requestBurst },
    create: { ...rates.create, perSecond: chat.roomsPerHour / 3_600 },
  }
}

/** What a visitor's rates are counted by: whoever has an IPv6 network has more addresses than anybody could count. */
function countedBy(address: string): string {
  return networkOf(address) ?? address
}
