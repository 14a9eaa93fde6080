import { SkeinError } from "../../../core/errors.ts"
import type { CommandOf } from "../codec/messages.ts"
import type { CentrifugeSession } from "./session.ts"

export async function rpc(session: CentrifugeSession, { id, request }: CommandOf<"rpc">): Promise<void> {
  const handler = session.shared.parts.rpc
  if (handler === undefined) throw new SkeinError("not_available", "this server offers no RPC")
  const { method = "", data = "null" } = request
  if (typeof data !== "string") throw new SkeinError("bad_request", "the data of an RPC must be JSON")
  const result = await handler(session.registered, method, data)
  session.answerPublished(id, { rpc: result === undefined ? {} : { data: result } })
}
