import type { Identity } from "../core/connection.ts"
import { SkeinError } from "../core/errors.ts"
import type { HandshakeIdentity, Tokens } from "../core/tokens.ts"
import type { ApiKeys } from "./api-key.ts"

/** What strategies may know of a handshake. */
export type HandshakeFacts = Parameters<HandshakeIdentity["identify"]>[0]

/** One way of knowing who a handshake is. Undefined: this way has nothing to say. */
export type Strategy = (handshake: HandshakeFacts) => Promise<Identity | undefined> | Identity | undefined

/** Asks the strategies in order; the first that knows decides. */
export function firstOf(strategies: readonly Strategy[]): HandshakeIdentity {
  return {
    async identify(handshake) {
      for (const strategy of strategies) {
        const identity = await strategy(handshake)
        if (identity !== undefined) return identity
      }
      return undefined
    },
  }
}

/**
 * `?token=<JWT>`. A token that is given and not good is refused, never ignored: its bearer meant to be someone.
 * @throws SkeinError `unauthorized`, `token_expired`
 */
export function byQueryToken(tokens: Tokens, log: (why: string) => void): Strategy {
  return async ({ url }) => {
    const token = url.searchParams.get("token")
    if (token === null || token === "") return undefined
    const verdict = await tokens.connection(token)
    if (verdict.kind === "ok") return verdict.identity
    log(verdict.why)
    if (verdict.kind === "expired") throw new SkeinError("token_expired", "the token has expired: get a new one")
    throw new SkeinError("unauthorized", "the token is not valid here: the server's log says why")
  }
}

/** The API key, wherever `apiKeysOf` finds it: the site's back end, which has no user id. */
export function byApiKey(keys: ApiKeys): Strategy {
  return ({ headers, url }) => (keys.inRequest(headers, url) ? { userId: "", backEnd: true } : undefined)
}

/** User ids in addresses: printable ASCII without spaces, because channel names of users are made of them. */
const USER_ID = /^[\x21-\x7e]{1,128}$/

/**
 * `?user_id=`, believed as it stands: anyone can be anyone. Only for development and closed networks.
 * Where it is not believed it is passed over: the same page then works with a cookie.
 *
 * @throws SkeinError `bad_request` for an id no user can have
 */
export function byTrustedUserId(where: "off" | "loopback" | "anywhere"): Strategy {
  return ({ url, loopback }) => {
    const userId = url.searchParams.get("user_id")
    if (userId === null || userId === "" || where === "off" || (where === "loopback" && !loopback)) return undefined
    if (USER_ID.test(userId)) return { userId }
    throw new SkeinError("bad_request", "user_id must be 1 to 128 printable ASCII characters without spaces")
  }
}
