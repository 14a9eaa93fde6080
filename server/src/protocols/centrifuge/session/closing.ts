import { CLOSE, type CloseReason, isGoodbye } from "../../../core/close-codes.ts"
import type { SkeinError } from "../../../core/errors.ts"
import { BadFrame } from "../codec/codec.ts"
import { NotJsonPayload } from "../codec/json-write.ts"
import { Disconnect } from "./disconnect.ts"
import { badRequest } from "./reason.ts"

/** Failures that end the connection rather than one command. */
export function closeFor(error: unknown): CloseReason | undefined {
  if (error instanceof Disconnect) return error.close
  if (error instanceof BadFrame) return badRequest(error.message)
  return error instanceof NotJsonPayload ? CLOSE.inappropriateProtocol : undefined
}

/** What a unidirectional client is told where others get an error. */
export function closeInsteadOf({ code }: SkeinError): CloseReason {
  switch (code) {
    case "token_expired":
    case "expired":
      return CLOSE.expired
    case "too_many_requests":
      return CLOSE.tooManyRequests
    case "permission_denied":
      return CLOSE.permissionDenied
    default:
      return CLOSE.internal
  }
}

/** The client said goodbye, or will not be let in again: nobody needs to wait for its return. */
export function isOnPurpose(code: number): boolean {
  return isGoodbye(code) || (code >= 3500 && code < 4000)
}
