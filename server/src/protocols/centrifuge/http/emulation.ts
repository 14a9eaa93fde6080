import { randomBytes } from "node:crypto"
import type { Frame } from "../../../core/connection.ts"
import type { Session } from "../../../gateway/protocol.ts"

/** Sessions whose commands come by requests of their own, by secret. The secret is the only thing such a request shows. */
export class EmulatedSessions {
  readonly #sessions = new Map<string, Session>()

  /** 192 bits: not to be guessed. */
  static newSecret(): string {
    return randomBytes(24).toString("base64url")
  }

  add(secret: string, session: Session): void {
    this.#sessions.set(secret, session)
  }

  remove(secret: string): void {
    this.#sessions.delete(secret)
  }

  /** A frame for a session that is gone is dropped: its stream has told the client. */
  deliver(secret: string, frame: Frame): void {
    this.#sessions.get(secret)?.frame(frame)
  }
}
