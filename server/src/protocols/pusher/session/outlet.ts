import { CLOSE, type CloseReason } from "../../../core/close-codes.ts"
import type { Frame, Outlet } from "../../../core/connection.ts"
import type { Socket } from "../../../gateway/protocol.ts"

/** Close codes of the server that mean nothing to Pusher clients, in theirs: 40xx stop, 41xx back in a second, 42xx at once. */
export function toPusherClose({ code, reason }: CloseReason): CloseReason {
  if (code >= 4000) return { code, reason }
  if (code === CLOSE.slow.code || code === CLOSE.tooManyRequests.code) return { code: 4100, reason }
  return { code: code >= 3500 && code < 4000 ? 4009 : 4200, reason }
}

/** What sockets of the gateway can do beside what core asks of an outlet: reach everyone but themselves natively. */
type NativeSocket = Socket & { publishToOthers?(topic: string, frame: Frame): boolean }

/** The socket, as core holds it: closes with the codes of this protocol. */
export class PusherOutlet implements Outlet {
  readonly #socket: NativeSocket

  constructor(socket: Socket) {
    this.#socket = socket
  }

  send(frame: Frame): void {
    this.#socket.send(frame)
  }

  join(topic: string): void {
    this.#socket.join(topic)
  }

  leave(topic: string): void {
    this.#socket.leave(topic)
  }

  close(reason: CloseReason): void {
    this.#socket.close(toPusherClose(reason))
  }

  publishToOthers(topic: string, frame: Frame): boolean {
    return this.#socket.publishToOthers?.(topic, frame) ?? false
  }
}
