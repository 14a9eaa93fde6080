import { type Context, Hono } from "hono"
import type { Identity } from "../../core/connection.ts"
import { SkeinError } from "../../core/errors.ts"
import type { Logger } from "../../core/logger.ts"
import { type Method, operations } from "../contract.ts"
import { jsonBody } from "./bodies.ts"
import { ensureOrigin } from "./cross-origin.ts"
import { openApi } from "./openapi.ts"
import { refusalResponse } from "./refusals.ts"
import type { SessionRequests } from "./session-routes.ts"

const MAX_BODY_BYTES = 64 * 1024

export interface RestRoutesParts {
  readonly call: (identity: Identity, method: Method, input: unknown) => Promise<unknown>
  /** By bearer token or by cookie. @throws SkeinError `unauthorized`, `token_expired` */
  readonly identify: (request: Request) => Promise<Identity>
  readonly requests: Pick<SessionRequests, "originAllowed">
  readonly log: Logger
}

/** Every operation of the contract as an HTTP route, and their description at `/chat/v1/openapi.json`. */
export function restRoutes(parts: RestRoutesParts): Hono {
  const app = new Hono()
  app.onError((error) => refusalResponse(error, parts.log))
  app.get("/chat/v1/openapi.json", () => Response.json(openApi()))
  for (const method of Object.keys(operations) as Method[]) {
    const { http } = operations[method]
    app.on(http.method, http.path.replace(/\{(\w+)\}/g, ":$1"), (context) => answer(parts, method, context))
  }
  app.all("/chat/v1/*", ({ req }) => {
    throw new SkeinError("not_found", `there is no ${req.method} ${req.path}: see /chat/v1/openapi.json`)
  })
  return app
}

async function answer(parts: RestRoutesParts, method: Method, { req }: Context): Promise<Response> {
  const isChange = req.method !== "GET"
  if (isChange) ensureOrigin(parts.requests, req.raw)
  const identity = await parts.identify(req.raw)
  const body = isChange ? await jsonBody(req.raw, MAX_BODY_BYTES) : {}
  const output = await parts.call(identity, method, { ...req.query(), ...body, ...req.param() })
  return Response.json(output, { headers: { "cache-control": "no-store" } })
}
