import type { CloseReason } from "../../../core/close-codes.ts"

/** Thrown by a command that ends the whole connection. */
export class Disconnect extends Error {
  readonly close: CloseReason

  constructor(close: CloseReason) {
    super(close.reason)
    this.close = close
  }
}
