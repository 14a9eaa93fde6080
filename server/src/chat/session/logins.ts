import type { Clock } from "../../core/clock.ts"
import type { Identity } from "../../core/connection.ts"
import { SkeinError } from "../../core/errors.ts"
import type { Logger } from "../../core/logger.ts"
import type { Tokens } from "../../core/tokens.ts"
import type { ChatStore, StoredUser } from "../../store/contract.ts"
import { CHAT_LIMITS, type User } from "../contract.ts"
import { isGuestId, newGuestId } from "../ids.ts"
import { cleanName } from "../names.ts"
import type { People } from "../people.ts"
import { toUser } from "../wire.ts"
import { loginCookie } from "./cookie.ts"
import { isLoginEnded, isLoginId, newLoginId } from "./endings.ts"
import type { LoginClaims, SessionKeys } from "./keys.ts"

const YEAR_MS = 365 * 24 * 3_600_000
const CONNECTION_TOKEN_MS = 10 * 60_000

export interface Login extends LoginClaims {
  readonly user: StoredUser
}

export interface LoginsParts {
  readonly store: ChatStore
  readonly people: People
  readonly keys: SessionKeys
  readonly tokens: Pick<Tokens, "connection">
  readonly clock: Clock
  /** Ends the connections made with a login. */
  readonly closeSession: (sessionId: string) => void
  /** Whether the end of this session of the site is noticed. Absent: of none. */
  readonly watchesSession?: ((sid: string) => boolean) | undefined
  readonly log: Pick<Logger, "info">
}

/** Who is signed in to the chat, by cookie: guests who chose a name, and people the site vouches for. */
export class Logins {
  readonly #parts: LoginsParts

  constructor(parts: LoginsParts) {
    this.#parts = parts
  }

  /** Undefined: nobody, or not any more. */
  async read(cookie: string | undefined): Promise<Login | undefined> {
    if (cookie === undefined || cookie === "") return undefined
    const { keys, store } = this.#parts
    const claims = await keys.readLogin(cookie)
    if (!claims) return undefined
    const [ended, { users }] = await Promise.all([isLoginEnded(store, claims), store.users({ ids: [claims.userId] })])
    const [user] = users
    return ended || !user ? undefined : { ...claims, user }
  }

  /** The guest of a cookie, as `read`; undefined for anybody else. Costs the store nothing when there is none. */
  async liveGuest(cookie: string | undefined): Promise<Login | undefined> {
    if (cookie === undefined || cookie === "") return undefined
    const claims = await this.#parts.keys.readLogin(cookie)
    return claims && isGuestId(claims.userId) ? this.read(cookie) : undefined
  }

  /** @throws SkeinError `name_taken`, `bad_request` */
  async guest(name: string, current: Login | undefined): Promise<Login> {
    const cleaned = cleanName(name, CHAT_LIMITS.maxNameLength, "a name")
    // Whoever is a guest already keeps being that guest: choosing another name is no second account.
    const userId = current?.user.guest === true ? current.userId : newGuestId()
    const user = await this.#parts.people.saveGuest(userId, cleaned)
    return this.#login(user, this.#parts.clock.nowMs() + YEAR_MS)
  }

  /** @param token - the site's JWT. @throws SkeinError `unauthorized`, `token_expired` */
  async siteUser(token: string): Promise<Login> {
    const { tokens, people, clock, log } = this.#parts
    const verdict = await tokens.connection(token)
    if (verdict.kind !== "ok") {
      log.info({ why: verdict.why }, "chat: a sign-in token was refused")
      if (verdict.kind === "expired")
        throw new SkeinError("token_expired", "the site's token has expired: get a new one")
      throw new SkeinError("unauthorized", "the site's token is not valid here; the server's log says why")
    }
    const { sessionId } = verdict.identity
    // A login made of another login's token would go on when that one ends.
    if (sessionId !== undefined && isLoginId(sessionId))
      throw new SkeinError("unauthorized", "this is a token of the chat for a connection: send one the site has signed")
    const user = await people.of(verdict.identity)
    const latestMs = clock.nowMs() + YEAR_MS
    const { expiresAtMs = latestMs } = verdict.identity
    return this.#login(user, Math.min(expiresAtMs, latestMs), sessionId)
  }

  /**
   * Somebody the site itself says is signed in there now. Nothing of it is kept in the browser: asked again with every
   * request, and over for us when it is over there.
   *
   * @throws SkeinError as `people.of`
   */
  async ofSite(identity: Identity): Promise<Login> {
    const latestMs = this.#parts.clock.nowMs() + CONNECTION_TOKEN_MS
    const user = await this.#parts.people.of(identity)
    const { expiresAtMs = latestMs, sessionId } = identity
    const isWatched = sessionId !== undefined && this.#parts.watchesSession?.(sessionId)
    return this.#login(user, Math.min(expiresAtMs, latestMs), sessionId, isWatched)
  }

  async end({ sessionId, expiresAtMs }: LoginClaims): Promise<void> {
    const { store, clock, closeSession } = this.#parts
    // Remembered until cookie and connection tokens of this login would have expired by themselves.
    const untilMs = expiresAtMs + CONNECTION_TOKEN_MS
    try {
      await store.endSession({ sessionId, untilMs, nowMs: clock.nowMs() })
    } finally {
      closeSession(sessionId)
    }
  }

  /** Somebody is here: guests whom nobody has seen for long are forgotten. */
  noteVisit({ userId }: Login): void {
    this.#parts.people.touch(userId).catch((error: unknown) => {
      this.#parts.log.info({ cause: String(error) }, "chat: a visit was not noted")
    })
  }

  /** A token for one connection, and when it expires. Asking for one says that somebody is here. */
  async connectionToken(login: Login): Promise<{ token: string; expires_at: number }> {
    this.noteVisit(login)
    const expiresAtMs = Math.min(this.#parts.clock.nowMs() + CONNECTION_TOKEN_MS, login.expiresAtMs)
    const claims = { sub: login.userId, sid: login.sessionId, info: infoOf(login.user) }
    return { token: await this.#parts.keys.signConnection(claims, expiresAtMs), expires_at: expiresAtMs }
  }

  /** `Set-Cookie` of a login. */
  async cookie(login: Login, secure: boolean): Promise<string> {
    const { keys, clock } = this.#parts
    return loginCookie(await keys.signLogin(login), login.expiresAtMs - clock.nowMs(), secure)
  }

  identityOf(login: Login): Identity {
    return {
      userId: login.userId,
      info: JSON.stringify(infoOf(login.user)),
      sessionId: login.sessionId,
      expiresAtMs: login.expiresAtMs,
    }
  }

  /** @param sid - the site's own name of the login that this one came from */
  #login(user: StoredUser, expiresAtMs: number, sid?: string, isWatched = false): Login {
    const signedInAtMs = this.#parts.clock.nowMs()
    return { user, userId: user.id, sessionId: newLoginId(sid, isWatched), signedInAtMs, expiresAtMs }
  }
}

/** What others see of a connection: the user without the id, which stands beside it. */
function infoOf(user: StoredUser): Omit<User, "id"> {
  const { id: _id, ...info } = toUser(user)
  return info
}
