import { isHangUp, SkeinError, toSkeinError } from "../../core/errors.ts"
import type { Logger } from "../../core/logger.ts"
import type { Refusal } from "../contract.ts"

/** An error as the contract says it, for HTTP. Unexpected ones are logged with their cause and told without. */
export function refusalResponse(thrown: unknown, log: Logger): Response {
  // Before it is made an error of ours, and counted as one.
  if (isHangUp(thrown)) return new Response(null, { status: 400 })
  const error = toSkeinError(thrown)
  if (!(thrown instanceof SkeinError))
    log.error({ cause: thrown instanceof Error ? thrown.stack : String(thrown) }, "chat: internal error")
  const { retryAfterMs } = error
  const refusal: Refusal = {
    error: {
      code: error.number,
      name: error.code,
      message: error.message,
      ...(retryAfterMs === undefined ? {} : { retry_after_ms: retryAfterMs }),
    },
  }
  const headers: Record<string, string> = {
    "content-type": "application/json; charset=utf-8",
    "cache-control": "no-store",
  }
  if (retryAfterMs !== undefined) headers["retry-after"] = String(Math.ceil(retryAfterMs / 1000))
  return new Response(JSON.stringify(refusal), { status: error.httpStatus, headers })
}
