import type { MiddlewareHandler } from "hono"
import { SkeinError } from "../../core/errors.ts"
import type { SessionRequests } from "./session-routes.ts"

const PREFLIGHT = { "Access-Control-Allow-Methods": "GET, POST, PATCH, DELETE", "Access-Control-Max-Age": "300" }

/** Pages of other origins that may connect may call as well, with their cookies; browsers ask before they let them. */
export function crossOrigin(requests: Pick<SessionRequests, "originAllowed" | "cors">): MiddlewareHandler {
  return async (context, next) => {
    const { raw } = context.req
    if (raw.method === "OPTIONS") {
      ensureOrigin(requests, raw)
      return context.body(null, 204, { ...requests.cors(raw), ...PREFLIGHT })
    }
    await next()
    for (const [name, value] of Object.entries(requests.cors(raw))) context.res.headers.set(name, value)
  }
}

/** @throws SkeinError `permission_denied` for pages of origins that may not connect */
export function ensureOrigin(requests: Pick<SessionRequests, "originAllowed">, request: Request): void {
  if (requests.originAllowed(request)) return
  const origin = request.headers.get("origin") ?? ""
  throw new SkeinError(
    "permission_denied",
    `pages of "${origin.slice(0, 200)}" may not do this: add it to server.origins`,
  )
}
