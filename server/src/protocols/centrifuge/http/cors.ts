import type { Context } from "hono"
import type { StreamGateway } from "../../../gateway/protocol.ts"

const PREFLIGHT = { "Access-Control-Allow-Methods": "GET, POST, OPTIONS", "Access-Control-Max-Age": "300" }

/** Lets pages of allowed origins in, answers their preflights, and turns the others away. */
export async function withCors(context: Context, next: () => Promise<void>, gateway: StreamGateway) {
  const cors = isSentAlong(context.req.raw.headers) ? undefined : gateway.cors(context.req.raw)
  if (cors === undefined) return context.text("pages of this origin may not connect here\n", 403)
  if (context.req.method === "OPTIONS") return context.body(null, 204, { ...cors, ...PREFLIGHT })
  await next()
  for (const [name, value] of Object.entries(cors)) context.res.headers.set(name, value)
}

/** A link or an image of another site's page, sent without an Origin. Pages that may connect always send one. */
function isSentAlong(headers: Headers): boolean {
  const site = headers.get("sec-fetch-site")
  return headers.get("origin") === null && (site === "cross-site" || site === "same-site")
}
