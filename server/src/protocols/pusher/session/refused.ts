import type { Session, Socket } from "../../../gateway/protocol.ts"
import * as frames from "../frames.ts"
import { Refusal } from "../refusal.ts"
import type { Refusals } from "../refusals.ts"
import type { OpeningRefused } from "./opening.ts"

/** Stands for the session of a client that was refused. */
export const REFUSED: Session = { frame: () => undefined, closed: () => undefined, drain: () => undefined }

/**
 * A client that may not stay. The upgrade has succeeded: it is told inside, as an error and as a close code.
 * Clients before protocol 6 read only the error, later ones only the code; the other does no harm.
 */
export function refuse(socket: Socket, { appId, reason, wrong, forLog }: OpeningRefused, refusals: Refusals): Session {
  socket.send(frames.error(reason.code, reason.reason))
  socket.close(reason)
  const fields = { code: reason.code, address: socket.handshake.address }
  refusals.tell({ app: appId, what: "connection", refusal: new Refusal(403, reason.reason, { wrong, forLog }), fields })
  return REFUSED
}
