import type { Context } from "hono"
import { BadFrame } from "../codec/codec.ts"
import { jsonCodec } from "../codec/json-codec.ts"
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

/**
 * Whether the commands of a GET do no more than listen. A link anywhere makes a browser send one, with its user's
 * cookies and without an Origin: it must not be able to speak in the user's name.
 */
export function onlyListens(commands: string): boolean {
  const reader = jsonCodec.read(commands)
  try {
    for (let command = reader.next(); command !== undefined; command = reader.next())
      if (command.kind !== "connect" && command.kind !== "subscribe") return false
  } catch (error) {
    // The session does not read beyond a bad frame either, and tells the client what is wrong with it.
    if (!(error instanceof BadFrame)) throw error
  }
  return true
}
