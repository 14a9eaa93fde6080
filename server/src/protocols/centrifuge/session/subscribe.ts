import { CLOSE } from "../../../core/close-codes.ts"
import type { Connection, SubscribeRequest } from "../../../core/connection.ts"
import { SkeinError } from "../../../core/errors.ts"
import type { SubscriptionGrant } from "../../../core/tokens.ts"
import { BadFrame } from "../codec/codec.ts"
import type { CommandOf, WireSubscribeRequest } from "../codec/messages.ts"
import { toWireSubscribe } from "../wire.ts"
import { Disconnect } from "./disconnect.ts"
import { ensureStream } from "./publish.ts"
import { because } from "./reason.ts"
import type { CentrifugeSession } from "./session.ts"

/** `flag` bit: answer error 112 rather than `recovered: false`. */
const REJECT_UNRECOVERED = 2

export async function subscribe(session: CentrifugeSession, { id, request }: CommandOf<"subscribe">): Promise<void> {
  const { channels, clock } = session.shared.parts
  const { channel = "", token = "" } = request
  ensureOffered(request)
  const connection = session.registered
  const grant = token === "" ? undefined : await readToken(session, connection, channel, token)
  await channels.subscribe(connection, channel, subscribeRequest(request, grant), (result) =>
    session.answerNow(id, { subscribe: toWireSubscribe(result, clock.nowMs()) }),
  )
}

/** Features we do not have are refused where ignoring them would change what the client sees. */
function ensureOffered({ type, tf, delta = "" }: WireSubscribeRequest): void {
  ensureStream(type)
  if (tf !== undefined && tf !== null) throw new SkeinError("bad_request", "this server does not filter by tags")
  // Left out of the answer, "fossil" is known to be off; of another algorithm nobody can say that.
  if (delta !== "" && delta !== "fossil") throw new BadFrame("unknown delta type")
}

export function subscribeRequest(
  request: WireSubscribeRequest,
  token: SubscriptionGrant | undefined,
): SubscribeRequest {
  const { recover, epoch = "", offset = 0, flag = 0, join_leave = false } = request
  return {
    ...(recover ? { recover: { epoch, offset } } : {}),
    // Flags have 53 bits here: bit operators would cut them to 32.
    rejectUnrecovered: Math.floor(flag / REJECT_UNRECOVERED) % 2 === 1,
    joinLeave: join_leave,
    ...(token === undefined ? {} : { token }),
  }
}

/** @throws SkeinError `permission_denied`, `token_expired`; Disconnect for a token of another channel or user */
export async function readToken(
  session: CentrifugeSession,
  connection: Connection,
  channel: string,
  token: string,
): Promise<SubscriptionGrant> {
  const { tokens, log } = session.shared.parts
  const expected = { userId: connection.identity.userId, channel, clientId: connection.id }
  const verdict = await tokens.subscription(token, expected)
  if (verdict.kind === "ok") return verdict.grant
  log.info({ channel, client: connection.id, why: verdict.why }, "subscription token refused")
  if (verdict.kind === "expired") throw new SkeinError("token_expired")
  if (verdict.kind === "mismatch") throw new Disconnect(because(CLOSE.invalidToken, "made for another channel or user"))
  throw new SkeinError("permission_denied", "the subscription token is not valid")
}

export function unsubscribe(session: CentrifugeSession, { id, request }: CommandOf<"unsubscribe">): void {
  session.shared.parts.channels.unsubscribe(session.registered, request.channel ?? "")
  session.answer(id, { unsubscribe: {} })
}
