import { type ApiKeys, createApiKeys } from "../auth/api-key.ts"
import { byApiKey, byQueryToken, byTrustedUserId, firstOf, type Strategy } from "../auth/identify.ts"
import { createTokens } from "../auth/jwt.ts"
import { UnusableKey } from "../auth/unusable-key.ts"
import type { LoginNamed, LoginState } from "../chat/session/endings.ts"
import type { Config } from "../config/config.ts"
import { ConfigError } from "../config/load.ts"
import type { Clock } from "../core/clock.ts"
import type { HandshakeIdentity, Tokens } from "../core/tokens.ts"
import type { Log } from "../telemetry/log.ts"
import { tokenOptions } from "./token-options.ts"

/** What tells who a client is: tokens, API keys, and what a handshake carries. */
export interface Identities {
  readonly tokens: Tokens
  readonly apiKeys: ApiKeys
  /** `?token=`, the session cookie, `?user_id=` where it is believed, and last the API key, which is no person. */
  handshakes(byCookie: Strategy): HandshakeIdentity
}

/**
 * @param stateOf - of the login a token names: tokens of logins that were ended are refused
 * @throws ConfigError for keys that cannot be used
 */
export async function createIdentities(
  config: Config,
  clock: Clock,
  log: Log,
  stateOf: (login: LoginNamed) => Promise<LoginState>,
): Promise<Identities> {
  const tokens = refusingEndedSessions(await tokensOf(config, clock), stateOf)
  const apiKeys = createApiKeys(config.auth.apiKeys)
  const refused = (why: string): void => log.info({ why }, "a token in an address was refused")
  return {
    tokens,
    apiKeys,
    handshakes: (byCookie) =>
      firstOf([byQueryToken(tokens, refused), byCookie, byTrustedUserId(config.auth.trustUserId), byApiKey(apiKeys)]),
  }
}

async function tokensOf({ auth }: Config, clock: Clock): Promise<Tokens> {
  try {
    return await createTokens(tokenOptions(auth), clock)
  } catch (error) {
    if (error instanceof UnusableKey) throw new ConfigError([`auth: ${error.message}`])
    throw error
  }
}

function refusingEndedSessions(tokens: Tokens, stateOf: (login: LoginNamed) => Promise<LoginState>): Tokens {
  return {
    subscription: (token, expected) => tokens.subscription(token, expected),
    async connection(token) {
      const verdict = await tokens.connection(token)
      if (verdict.kind !== "ok") return verdict
      const { identity, issuedAtMs } = verdict
      const state = await stateOf({ sessionId: identity.sessionId, userId: identity.userId, issuedAtMs })
      if (state === "live") return verdict
      // Clients that can ask for a new token do when theirs is expired.
      return { kind: state === "replaced" ? "expired" : "invalid", why: "its session was signed out" }
    },
  }
}
