import { CLOSE } from "../../../core/close-codes.ts"
import { Refusal } from "../refusal.ts"
import type { Client } from "./client.ts"

/**
 * Signed data may name the login of the site it was signed for (`skein_session`), and until when it may be used
 * (`skein_until`, Unix milliseconds): the connection ends with that login. One that comes with another login has to
 * begin anew, as it may hold what was the former one's.
 *
 * @throws Refusal
 */
export function bindToLogin({ connection, parts }: Client, data: Readonly<Record<string, unknown>> | undefined): void {
  const session = data?.skein_session
  if (typeof session !== "string" || session === "" || session.length > 200) return
  const until = data?.skein_until
  if (typeof until === "number" && parts.clock.nowMs() > until)
    throw new Refusal(401, "This signature of a login was asked for too long ago: ask for another")
  const { identity } = connection
  if (identity.sessionId === session) return
  if (identity.sessionId !== undefined) {
    connection.outlet.close(CLOSE.expired)
    throw new Refusal(409, "This connection belongs to another login of the site: connect again")
  }
  parts.channels.hub.identify(connection, { ...identity, sessionId: session })
}
