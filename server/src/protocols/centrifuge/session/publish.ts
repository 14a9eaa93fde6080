import { SkeinError } from "../../../core/errors.ts"
import type { CommandOf } from "../codec/messages.ts"
import type { CentrifugeSession } from "./session.ts"

export async function publish(session: CentrifugeSession, { id, request }: CommandOf<"publish">): Promise<void> {
  const { channel = "", data, type } = request
  ensureStream(type)
  if (data === undefined) throw new SkeinError("bad_request", "publish needs data")
  await session.shared.parts.channels.publishFrom(session.registered, channel, { data })
  session.answerPublished(id, { publish: {} })
}

/** Map and shared-poll channels are declined; ignoring the type would look like success with empty state. */
export function ensureStream(type: number | undefined): void {
  if (type !== undefined && type !== 0)
    throw new SkeinError("not_available", `this server has stream channels only, not type ${type}`)
}
