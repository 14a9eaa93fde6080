import type { Context } from "hono"
import { readBody, textOf } from "./body.ts"

/** The connect command of a request that opens a stream, or the answer that refuses it. */
export async function connectText(context: Context, maxBytes: number): Promise<string | Response> {
  if (context.req.method === "GET") {
    const text = context.req.query("cf_connect")
    return text || context.text("cf_connect must hold the connect command\n", 400)
  }
  const body = await readBody(context.req.raw, maxBytes)
  if (body === undefined) return context.text("the connect command is too large\n", 413)
  return textOf(body) || context.text("the body must be the connect command, in UTF-8\n", 400)
}
