import { CLOSE } from "../core/close-codes.ts"
import { type LimitName, noteLimit } from "../core/limits.ts"
import type { Overflow } from "./overflow.ts"

/** Bounds that end a connection when they are met. */
const LIMIT_OF_CODE: ReadonlyMap<number, LimitName> = new Map([
  [1009, "limits.max_frame_bytes"],
  [CLOSE.slow.code, "limits.max_outbound_bytes"],
  [CLOSE.noPong.code, "limits.pong_timeout"],
  [CLOSE.stale.code, "limits.connect_timeout"],
])
const LOST = 1006
/** From here on applications choose codes (RFC 6455, 7.4.2): a client may send any of two thousand. */
const FIRST_APPLICATION_CODE = 3000

/** A close code; "client" stands for all codes that clients choose themselves. */
export type CloseLabel = number | "client"

/** How a WebSocket ended, as Bun tells it. */
export interface Ending {
  readonly code: number
  readonly reason: string
  /** The code it was closed with by us, if it was. */
  readonly ownCode: number | undefined
}

/**
 * Counts how WebSockets ended. Codes that clients choose are one entry, so that no client can make the map grow, or make
 * us count a bound as met by closing with its code.
 */
export class Closes {
  readonly #overflow: Overflow
  readonly #counts = new Map<CloseLabel, number>()

  constructor(overflow: Overflow) {
    this.#overflow = overflow
  }

  get counts(): ReadonlyMap<CloseLabel, number> {
    return this.#counts
  }

  /** Takes an end down; returns the code it counts under. */
  count(ending: Ending): CloseLabel {
    const ours = this.#ours(ending)
    const label = ours ?? (ending.code >= FIRST_APPLICATION_CODE ? "client" : ending.code)
    this.#counts.set(label, (this.#counts.get(label) ?? 0) + 1)
    const limit = ours === undefined ? undefined : LIMIT_OF_CODE.get(ours)
    if (limit) noteLimit(limit)
    return label
  }

  /** The code by which we, or Bun for us, ended it. Undefined: the client closed it, or its connection was lost. */
  #ours({ code, reason, ownCode }: Ending): number | undefined {
    if (code !== LOST) return code === ownCode ? code : undefined
    // A stalled peer is cut without a close frame: Bun then says what it says of a lost connection.
    if (ownCode !== undefined) return ownCode
    if (reason === "Received too big message") return 1009
    return reason === "" && this.#overflow.isRecent ? CLOSE.slow.code : undefined
  }
}
