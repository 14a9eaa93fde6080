import type { Identity } from "../../core/connection.ts"
import { SkeinError } from "../../core/errors.ts"
import type { Logger } from "../../core/logger.ts"
import type { Tokens } from "../../core/tokens.ts"
import type { ChatStore } from "../../store/contract.ts"
import { isEnded } from "../session/endings.ts"
import type { GuestMerging } from "../session/merging.ts"
import type { SiteIdentity } from "./session-routes.ts"

export interface RestCallerParts {
  readonly tokens: Pick<Tokens, "connection">
  readonly store: ChatStore
  readonly log: Logger
  readonly merging: GuestMerging
  /** Absent: only our own cookie counts. */
  readonly siteIdentity?: SiteIdentity
  readonly identifyByCookie: (headers: Headers) => Promise<Identity | undefined>
}

/**
 * Who calls by REST: a connection token as bearer, the site's session, or our own session cookie.
 * @throws SkeinError `unauthorized`, `token_expired`
 */
export async function restCaller(parts: RestCallerParts, request: Request): Promise<Identity> {
  const bearer = /^bearer\s+(\S+)\s*$/i.exec(request.headers.get("authorization") ?? "")?.[1]
  const identity = bearer === undefined ? await ofCookies(parts, request) : await ofBearer(parts, bearer)
  if (identity) return identity
  throw new SkeinError("unauthorized", "sign in first: POST /chat/session, or send a connection token as bearer")
}

async function ofCookies(
  { siteIdentity, merging, identifyByCookie }: RestCallerParts,
  request: Request,
): Promise<Identity | undefined> {
  const ofSite = await siteIdentity?.(request)
  if (!ofSite) return identifyByCookie(request.headers)
  await merging.welcome(request.headers, ofSite)
  return ofSite
}

async function ofBearer({ tokens, store, log }: RestCallerParts, bearer: string): Promise<Identity> {
  const verdict = await tokens.connection(bearer)
  if (verdict.kind === "expired") throw new SkeinError("token_expired")
  if (verdict.kind === "invalid") {
    log.info({ why: verdict.why }, "chat: a bearer token was refused")
    throw new SkeinError("unauthorized", "the bearer token is not valid here; the server's log says why")
  }
  const { sessionId } = verdict.identity
  if (sessionId !== undefined && (await isEnded(store, sessionId)))
    throw new SkeinError("unauthorized", "this session has been signed out")
  return verdict.identity
}
