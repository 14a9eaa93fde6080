import type { Context } from "hono"
import { SkeinError } from "../../../core/errors.ts"
import type { PusherParts } from "../options.ts"
import { toRefusal } from "../refusal.ts"

/** The answer to a request that gets nothing: a sentence of plain text, as SDKs show the body to developers. */
export function refused({ log }: PusherParts, context: Context, error: unknown): Response {
  const refusal = toRefusal(error)
  const fields = { path: context.req.path, status: refusal.status, why: refusal.forLog ?? refusal.message }
  log[refusal.status >= 500 ? "error" : "info"](fields, "refused a request of the Pusher HTTP API")
  const retryAfterMs = error instanceof SkeinError ? error.retryAfterMs : undefined
  return new Response(refusal.message, {
    status: refusal.status,
    headers: {
      "Content-Type": "text/plain; charset=utf-8",
      ...(retryAfterMs === undefined ? {} : { "Retry-After": String(Math.ceil(retryAfterMs / 1_000)) }),
    },
  })
}
