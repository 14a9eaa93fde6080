import type { CloseReason } from "../../../core/close-codes.ts"
import type { Session, Socket } from "../../../gateway/protocol.ts"
import * as frames from "../frames.ts"

/** In the place of a session, where there is none. */
export const REFUSED: Session = { frame: () => undefined, closed: () => undefined, drain: () => undefined }

/**
 * A client that may not stay. The upgrade has succeeded: it is told inside, as an error and as a close code.
 * Clients before protocol 6 read only the error, later ones only the code; the other does no harm.
 */
export function refuse(socket: Socket, reason: CloseReason): Session {
  socket.send(frames.error(reason.code, reason.reason))
  socket.close(reason)
  return REFUSED
}
