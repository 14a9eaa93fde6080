import { CLOSE } from "../../../core/close-codes.ts"
import type { Identity } from "../../../core/connection.ts"
import { SkeinError } from "../../../core/errors.ts"
import { BadFrame } from "../codec/codec.ts"
import type { CommandOf } from "../codec/messages.ts"
import { toWireExpiry } from "../wire.ts"
import { Disconnect } from "./disconnect.ts"
import { ensureStream } from "./publish.ts"
import { because } from "./reason.ts"
import type { CentrifugeSession } from "./session.ts"
import { readToken } from "./subscribe.ts"

export async function refresh(session: CentrifugeSession, { id, request }: CommandOf<"refresh">): Promise<void> {
  const { tokens, clock, log, node } = session.shared.parts
  const connection = session.registered
  const { token = "" } = request
  if (token === "") throw new BadFrame("refresh without a token")
  if (!connection.identity.clientRefreshes) throw new BadFrame("this connection is not refreshed by its client")
  const verdict = await tokens.connection(token)
  if (verdict.kind !== "ok") {
    log.info({ client: connection.id, why: verdict.why }, "refresh token refused")
    throw new Disconnect(verdict.kind === "expired" ? CLOSE.expired : CLOSE.invalidToken)
  }
  ensureSameClient(connection.identity, verdict.identity)
  connection.identity = verdict.identity
  const expiry = toWireExpiry(verdict.identity.expiresAtMs, clock.nowMs())
  session.answer(id, { refresh: { client: connection.id, version: node.version, ...expiry } })
}

function ensureSameClient(old: Identity, now: Identity): void {
  if (old.userId !== now.userId) throw new Disconnect(because(CLOSE.invalidToken, "made for another user"))
  // The client reconnects and is given the new set.
  if (channelList(old) !== channelList(now)) throw new Disconnect(CLOSE.insufficientState)
}

const channelList = ({ channels = [] }: Identity): string =>
  channels
    .map(({ channel }) => channel)
    .sort()
    .join(" ")

export async function subRefresh(session: CentrifugeSession, { id, request }: CommandOf<"sub_refresh">): Promise<void> {
  const connection = session.registered
  const { channel = "", token = "", type } = request
  ensureStream(type)
  const subscription = connection.subscriptions.get(channel)
  if (subscription === undefined) throw new SkeinError("permission_denied", "not subscribed to this channel")
  if (token === "") throw new SkeinError("bad_request", "sub_refresh needs a token")
  if (subscription.expiresAtMs === undefined) throw new BadFrame("this subscription is not refreshed by its client")
  const grant = await readToken(session, connection, channel, token)
  if (grant.expiresAtMs === undefined) delete subscription.expiresAtMs
  else subscription.expiresAtMs = grant.expiresAtMs
  session.answer(id, { sub_refresh: toWireExpiry(grant.expiresAtMs, session.shared.parts.clock.nowMs()) })
}
