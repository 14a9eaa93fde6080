import { CLOSE, type CloseReason } from "../../core/close-codes.ts"
import type { Identity } from "../../core/connection.ts"
import { SkeinError } from "../../core/errors.ts"
import type { Handshake } from "../../gateway/protocol.ts"
import type { PlainParts } from "./options.ts"

export interface WhoIsIt {
  readonly identity: Identity
  /** Nothing proves who it is: its user id, if any, was made by the server. */
  readonly anonymous: boolean
  readonly mayEnterRooms: boolean
}

/** @throws SkeinError when it is not let in; `closeReasonOf` says how its connection then ends */
export async function whoIsIt(parts: PlainParts, handshake: Handshake, connectionId: string): Promise<WhoIsIt> {
  const isBackEnd = parts.isBackEnd(handshake)
  const known = await parts.identify.identify(handshake)
  const backEnd = isBackEnd ? { backEnd: true } : {}
  if (known !== undefined && known.userId !== "")
    return { identity: { ...known, ...backEnd }, anonymous: false, mayEnterRooms: true }
  const guest = guestOf(parts, connectionId, handshake.address)
  if (guest !== undefined) return { identity: { ...known, ...guest, ...backEnd }, anonymous: true, mayEnterRooms: true }
  if (!isBackEnd && !parts.config.allowAnonymous)
    throw new SkeinError("permission_denied", "anonymous clients are not accepted here: connect with ?token=…")
  return { identity: { userId: "", ...known, ...backEnd }, anonymous: true, mayEnterRooms: false }
}

/** Undefined: the chat takes no guests on bare sockets. Without a chat the guest has no user id. */
function guestOf({ rooms }: PlainParts, connectionId: string, address: string): Identity | undefined {
  try {
    return rooms ? rooms.anonymous(connectionId, address) : { userId: "" }
  } catch (error) {
    if (error instanceof SkeinError && error.code === "unauthorized") return undefined
    throw error
  }
}

/** Codes from 3500 on tell a client that coming back as it is would be useless. */
export function closeReasonOf(error: SkeinError): CloseReason {
  if (error.temporary) return CLOSE.internal
  if (error.code === "limit_exceeded") return CLOSE.connectionLimit
  return error.code === "permission_denied" ? CLOSE.permissionDenied : CLOSE.invalidToken
}
