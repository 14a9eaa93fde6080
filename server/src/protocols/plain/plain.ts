import type { Protocol } from "../../gateway/protocol.ts"
import { Arrivals } from "./arrivals.ts"
import { Lobby } from "./lobby.ts"
import type { PlainParts } from "./options.ts"
import type { Shared } from "./participant.ts"
import { PlainSession } from "./session.ts"
import { Settling } from "./settling.ts"

/** Small PHP clients throw away what comes behind the 101 answer in the same read. */
const SETTLE_MS = 50
/** A slow arrival delays what is said in the lobby no longer than this. */
const MAX_ARRIVAL_WAIT_MS = 100
/** Up to this many subscribers are told when somebody leaves. In larger rooms n leaving at once would make n² frames. */
const MAX_TOLD_OF_LEAVING = 1_000

/** The bare WebSocket of the tutorials: no subprotocol, no SDK. Its rules: spec/plain.md. */
export function createPlain(parts: PlainParts): Protocol {
  const { channels, rooms, encoders, clock, config } = parts
  const lobby = new Lobby(config.lobby)
  const arrivals = new Arrivals(clock, MAX_ARRIVAL_WAIT_MS)
  encoders.facts = {
    isLobby: (channel) => channel === lobby.channel,
    line: (data) => rooms?.line(data),
    saidInLobby: (text) => arrivals.said(text),
    isSmall: (channel) => (channels.hub.channels.get(channel) ?? 0) <= MAX_TOLD_OF_LEAVING,
  }
  const shared: Shared = { parts, lobby, arrivals }
  const settling = new Settling(clock, SETTLE_MS)
  return {
    endpoints: [
      {
        paths: ["/", "/ws", "/websocket"],
        subprotocols: [],
        maxFrameBytes: config.maxFrameBytes,
        open(socket) {
          const session = new PlainSession(shared, settling, socket)
          void session.arrive()
          return session
        },
      },
    ],
  }
}
