import { CLOSE } from "../../../core/close-codes.ts"
import { SkeinError } from "../../../core/errors.ts"
import type { Fields } from "../json.ts"
import { Refusal } from "../refusal.ts"
import type { Client } from "./client.ts"

/**
 * Signed data may name the login of the site it was signed for (`skein_session`), and until when it may be used
 * (`skein_until`, Unix milliseconds): the connection ends with that login. One that comes with somebody else's has to
 * begin anew, as it may hold what was the former user's. With one of the same user it ends with that one from then on: the
 * site and `/pusher/auth` may call one login by different names. A connection of nobody becomes that of the user named, so
 * that ending the user ends it.
 *
 * @param idName - where the data names the user
 * @throws Refusal
 */
export function bindToLogin(client: Client, data: Fields | undefined, idName: "id" | "user_id"): void {
  const { connection, parts } = client
  const session = data?.skein_session
  if (typeof session !== "string" || session === "" || session.length > 200) return
  const until = data?.skein_until
  if (typeof until === "number" && parts.clock.nowMs() > until)
    throw new Refusal(401, "This signature of a login was asked for too long ago: ask for another")
  const { identity } = connection
  if (identity.sessionId === session) return
  const userId = userIdIn(client, data?.[idName])
  const isHis = userId !== undefined && client.app.toCoreUser(userId) === identity.userId
  if (identity.sessionId !== undefined && !isHis) {
    connection.outlet.close(CLOSE.expired)
    throw new Refusal(409, "This connection belongs to another login of the site: connect again")
  }
  if (identity.userId === "" && userId !== undefined) becomeUser(client, userId)
  parts.channels.hub.identify(connection, { ...connection.identity, sessionId: session })
}

/** The login that the connection was made with still ends it. @throws Refusal when the user has too many connections */
export function becomeUser({ app, connection, parts }: Client, id: string): void {
  const { identity } = connection
  const userId = app.toCoreUser(id)
  if (identity.userId === userId) return
  const login = identity.sessionId === undefined ? {} : { sessionId: identity.sessionId }
  try {
    parts.channels.identify(connection, { userId, ...login })
  } catch (error) {
    if (error instanceof SkeinError) throw new Refusal(error.httpStatus, error.message)
    throw error
  }
}

function userIdIn({ app }: Client, id: unknown): string | undefined {
  const userId = typeof id === "number" ? String(id) : id
  const isOne = typeof userId === "string" && userId !== "" && userId.length <= app.options.limits.maxUserIdLength
  return isOne ? userId : undefined
}
