import { CLOSE } from "../../../core/close-codes.ts"
import { SkeinError } from "../../../core/errors.ts"
import { BadFrame } from "../codec/codec.ts"
import type { Command, CommandOf } from "../codec/messages.ts"
import { Disconnect } from "./disconnect.ts"
import { publish } from "./publish.ts"
import { history, presence, presenceStats } from "./read.ts"
import { refresh, subRefresh } from "./refresh.ts"
import { rpc } from "./rpc.ts"
import type { CentrifugeSession } from "./session.ts"
import { subscribe, unsubscribe } from "./subscribe.ts"

/**
 * Serves one command of a connected client and answers it.
 * @throws SkeinError answered as an error; Disconnect and BadFrame end the connection
 */
export type Handler = (session: CentrifugeSession, command: Command) => Promise<void> | void

type Handlers = {
  readonly [Kind in Command["kind"]]?: (session: CentrifugeSession, command: CommandOf<Kind>) => Promise<void> | void
}

const HANDLERS: Handlers = {
  publish,
  subscribe,
  unsubscribe,
  presence,
  presence_stats: presenceStats,
  history,
  rpc,
  refresh,
  sub_refresh: subRefresh,
  send: () => {
    throw new Disconnect(CLOSE.notAvailable)
  },
  ping: () => {
    throw new SkeinError("not_available", "the ping command is not part of protocol v2: the server pings")
  },
}

/** What serves this command. @throws BadFrame when nothing does */
export function handlerOf(command: Command): Handler {
  const handler = HANDLERS[command.kind]
  if (handler === undefined) throw new BadFrame("command without a known request")
  return handler as Handler
}

/** The channel a command is about. @throws BadFrame when it needs one and has none */
export function channelOf(command: Command): string | undefined {
  switch (command.kind) {
    case "publish":
    case "subscribe":
    case "unsubscribe":
    case "presence":
    case "presence_stats":
    case "history":
    case "sub_refresh":
      if (!command.request.channel) throw new BadFrame(`${command.kind} without a channel`)
      return command.request.channel
    default:
      return undefined
  }
}
