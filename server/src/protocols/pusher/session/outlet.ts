import { CLOSE, type CloseReason } from "../../../core/close-codes.ts"
import type { Frame, Outlet } from "../../../core/connection.ts"
import type { Socket } from "../../../gateway/protocol.ts"
import * as frames from "../frames.ts"

/** Clients of earlier versions (Pusher's SDKs for Java and .NET) also get an error: not all of them read close codes. */
const CODES_SINCE = 6

/** Close codes of the server that mean nothing to Pusher clients, in theirs: 40xx stop, 41xx back in a second, 42xx at once. */
export function toPusherClose({ code, reason }: CloseReason): CloseReason {
  if (code >= 4000) return { code, reason }
  if (code === CLOSE.slow.code || code === CLOSE.tooManyRequests.code) return { code: 4100, reason }
  return { code: code >= 3500 && code < 4000 ? 4009 : 4200, reason }
}

/** A socket that closes with the codes of this protocol. */
export class PusherOutlet implements Outlet {
  readonly inner: Socket
  readonly #tellsBefore: boolean

  /** @param version - of the protocol, as the client announced it */
  constructor(socket: Socket, version: number) {
    this.inner = socket
    this.#tellsBefore = version < CODES_SINCE
  }

  send(frame: Frame): void {
    this.inner.send(frame)
  }

  join(topic: string): void {
    this.inner.join(topic)
  }

  leave(topic: string): void {
    this.inner.leave(topic)
  }

  close(reason: CloseReason): void {
    const told = toPusherClose(reason)
    if (this.#tellsBefore) this.inner.send(frames.error(told.code, told.reason))
    this.inner.close(told)
  }
}
