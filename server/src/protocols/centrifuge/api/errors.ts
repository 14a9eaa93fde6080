import { ERRORS, type SkeinError, toSkeinError } from "../../../core/errors.ts"
import type { Logger } from "../../../core/logger.ts"

/** `{"code":…,"message":…}` for anything thrown. The text of internal errors goes into the log and not to the caller. */
export function errorBody(thrown: unknown, log: Logger): string {
  const error = toSkeinError(thrown)
  if (error.code === "internal") log.error({ err: thrown }, "a call of the server API failed")
  return JSON.stringify({ code: error.number, message: messageOf(error) })
}

const messageOf = (error: SkeinError): string => (error.code === "internal" ? ERRORS.internal.text : error.message)
