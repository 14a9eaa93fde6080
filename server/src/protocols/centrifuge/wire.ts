import type { SubscribeResult } from "../../core/connection.ts"
import { ERRORS, type SkeinError } from "../../core/errors.ts"
import type { ClientInfo, Publication } from "../../core/publication.ts"
import type { WireClientInfo, WireError, WireExpiry, WirePublication, WireSubscribeResult } from "./codec/messages.ts"

/** What core has, under the protocol's names. */

export function toWireInfo({ user, client, connInfo, chanInfo }: ClientInfo): WireClientInfo {
  return {
    user,
    client,
    ...(connInfo === undefined ? {} : { conn_info: connInfo }),
    ...(chanInfo === undefined ? {} : { chan_info: chanInfo }),
  }
}

export function toWirePublication({ data, info, offset, tags }: Publication): WirePublication {
  return {
    data,
    ...(info === undefined ? {} : { info: toWireInfo(info) }),
    ...(offset === undefined ? {} : { offset }),
    ...(tags === undefined ? {} : { tags }),
  }
}

export function toWireSubscribe(result: SubscribeResult, nowMs: number): WireSubscribeResult {
  const { position, publications, data } = result
  return {
    ...toWireExpiry(result.expiresAtMs, nowMs),
    recoverable: result.recoverable,
    positioned: result.positioned,
    was_recovering: result.wasRecovering,
    recovered: result.recovered,
    publications: publications.map(toWirePublication),
    ...(position === undefined ? {} : { epoch: position.epoch, offset: position.offset }),
    ...(data === undefined ? {} : { data }),
  }
}

/** `expires` and `ttl`, both or neither. Less than a second is told as one: ttl 0 would mean for ever. */
export function toWireExpiry(expiresAtMs: number | undefined, nowMs: number): WireExpiry {
  if (expiresAtMs === undefined) return {}
  return { expires: true, ttl: Math.max(1, Math.ceil((expiresAtMs - nowMs) / 1000)) }
}

/** What the client is told. The text of internal errors stays in the log. */
export function toWireError(error: SkeinError): WireError {
  const message = error.code === "internal" ? ERRORS.internal.text : error.message || ERRORS[error.code].text
  return { code: error.number, message, ...(error.temporary ? { temporary: true } : {}) }
}
