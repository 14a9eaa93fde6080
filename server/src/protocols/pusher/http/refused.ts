import type { Context } from "hono"
import { isHangUp, SkeinError } from "../../../core/errors.ts"
import type { PusherParts } from "../options.ts"
import { toRefusal } from "../refusal.ts"
import type { Shared } from "../shared.ts"

/**
 * The answer to a refused request: a sentence of plain text, as SDKs show the body to developers.
 * @throws the error itself, where the client has hung up
 */
export function refused({ apps }: PusherParts, { refusals }: Shared, { req }: Context, error: unknown): Response {
  // Nobody waits for an answer any more, and nobody was refused.
  if (isHangUp(error)) throw error
  const refusal = toRefusal(error)
  const app = apps.byId(req.param("app") ?? "") ?? apps.byKey(req.query("key") ?? "")
  refusals.tell({ app: app?.id, what: "request", refusal, fields: { path: req.path, status: refusal.status } })
  const retryAfterMs = error instanceof SkeinError ? error.retryAfterMs : undefined
  return new Response(refusal.message, {
    status: refusal.status,
    headers: {
      "Content-Type": "text/plain; charset=utf-8",
      ...(retryAfterMs === undefined ? {} : { "Retry-After": String(Math.ceil(retryAfterMs / 1_000)) }),
    },
  })
}
