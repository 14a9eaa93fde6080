import { CLOSE, type CloseReason } from "../../../core/close-codes.ts"
import { SkeinError } from "../../../core/errors.ts"

/** RFC 6455, section 5.5: a control frame's 125 bytes without the code. */
const MAX_REASON_BYTES = 123

/** A close with its cause: `bad request: malformed JSON`. `why` is our own text, never the client's. */
export function because(reason: CloseReason, why: string): CloseReason {
  return { code: reason.code, reason: `${reason.reason}: ${why}`.slice(0, MAX_REASON_BYTES) }
}

export const badRequest = (why: string): CloseReason => because(CLOSE.badRequest, why)

/**
 * A reason from outside, for a close or an unsubscribe. SDKs try to decode reasons as JSON and obey what they find.
 * @throws SkeinError `bad_request`
 */
export function ensurePlainReason(reason: string): string {
  if (reason.trim() === "") throw new SkeinError("bad_request", "a disconnect needs a reason that is not empty")
  if (Buffer.byteLength(reason) > MAX_REASON_BYTES)
    throw new SkeinError("bad_request", `a reason may have ${MAX_REASON_BYTES} bytes`)
  if (isJson(reason)) throw new SkeinError("bad_request", "a reason must be plain text: clients would obey valid JSON")
  return reason
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
