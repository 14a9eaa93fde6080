import { createHash } from "node:crypto"
import type { Clock } from "../../core/clock.ts"
import type { ChatStore } from "../../store/contract.ts"
import { isGuestId, newSessionId } from "../ids.ts"
import type { LoginClaims } from "./keys.ts"

/** Longer than any cookie or token of a login lives. */
const LONGEST_LOGIN_MS = 366 * 24 * 3_600_000

/**
 * Logins here that were made with a token of the site carry a mark of the site's own login (its `sid`): when that
 * ends, so do they. Hashed, as ids of logins come into tokens, and cut to what the store's column holds.
 */
export const siteMark = (sid: string): string => `s_${digest(sid)}`
const userMark = (userId: string): string => `u_${digest(userId)}`
const digest = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 32)

/** The mark in the id of a login; undefined when it did not come from the site. */
export const siteMarkIn = (loginId: string): string | undefined => /^s_[^.]+(?=\.)/.exec(loginId)?.[0]

/** Behind the id of a login that came from a session of the site which is watched. */
const WATCHED = ".w"

/**
 * @param sid - of the site's token or session, where it has one
 * @param isWatched - the end of that session is noticed
 */
export const newLoginId = (sid: string | undefined, isWatched = false): string =>
  sid === undefined ? newSessionId() : `${siteMark(sid)}.${newSessionId()}${isWatched ? WATCHED : ""}`

/** Whether this is the id of a login of ours: no site calls its own so. */
export const isLoginId = (sid: string): boolean => /^(s_[0-9a-f]{32}\.)?l_[0-9a-z]{24}(\.w)?$/.test(sid)

/** Whether a connection's login is the one named: itself, or the site's login it was made with. */
export const isOfSession = (sessionId: string | undefined, named: string): boolean =>
  sessionId !== undefined && (sessionId === named || sessionId.startsWith(`${siteMark(named)}.`))

/** Whether a login, or the site's login behind it, was ended before its time. @param sessionId - of a token or cookie */
export async function isEnded(store: ChatStore, sessionId: string): Promise<boolean> {
  const [mark, login] = sessionId.split(".")
  const ids = login?.startsWith("l_") ? [sessionId, mark ?? ""] : [sessionId, siteMark(sessionId)]
  const answers = await Promise.all(ids.map((id) => store.isSessionEnded({ sessionId: id })))
  return answers.some(({ ended }) => ended)
}

export interface LoginNamed {
  /** Undefined: the token names no login. */
  readonly sessionId: string | undefined
  /** Empty: nobody's. */
  readonly userId: string
  /** When the token was issued, Unix milliseconds, to the second. Undefined: it does not say. */
  readonly issuedAtMs: number | undefined
}

/** `replaced`: ended, and another one may have taken its place in the same browser. */
export type LoginState = "live" | "ended" | "replaced"

/**
 * @param login - of a token
 * @param isWatched - whether the end of the site's session with this mark would be noticed
 */
export async function loginState(
  store: ChatStore,
  login: LoginNamed,
  isWatched: (mark: string) => boolean,
): Promise<LoginState> {
  const { sessionId, userId, issuedAtMs } = login
  // After a restart, or a while without a connection, the site is asked anew: the session may have ended meanwhile, and
  // from then on its end is noticed again.
  if (sessionId?.endsWith(WATCHED) && !isWatched(siteMarkIn(sessionId) ?? "")) return "replaced"
  const [isOver, isOfBefore] = await Promise.all([
    sessionId !== undefined && isEnded(store, sessionId),
    issuedAtMs !== undefined && userId !== "" && wasUserEndedSince(store, userId, issuedAtMs),
  ])
  // Whoever ended all logins of the user may let him in anew: the client asks for another token.
  if (isOfBefore) return "replaced"
  if (sessionId === undefined || !isOver) return "live"
  // The site's login ended, perhaps for another one of it: a page that signs in again, without being loaded anew, has its old
  // token still.
  if (siteMarkIn(sessionId) !== undefined || !isLoginId(sessionId)) return "replaced"
  // A guest who is gone has signed in at the site; one who signed out is still known.
  const isGone = isGuestId(userId) && (await store.users({ ids: [userId] })).users.length === 0
  return isGone ? "replaced" : "ended"
}

/** Whether the login was ended by itself, with the site's, or with all that its user had then. */
export async function isLoginEnded(
  store: ChatStore,
  { userId, sessionId, signedInAtMs }: LoginClaims,
): Promise<boolean> {
  const answers = await Promise.all([isEnded(store, sessionId), wasUserEndedSince(store, userId, signedInAtMs)])
  return answers.some((ended) => ended)
}

/** Whether all that a user had was ended at this time or later. */
async function wasUserEndedSince(store: ChatStore, userId: string, sinceMs: number): Promise<boolean> {
  const { untilMs } = await store.isSessionEnded({ sessionId: userMark(userId) })
  return untilMs !== undefined && sinceMs <= untilMs - LONGEST_LOGIN_MS
}

/** From now on the site's login opens nothing any more. */
export async function endSiteSession(store: ChatStore, sid: string, clock: Clock): Promise<void> {
  const nowMs = clock.nowMs()
  await store.endSession({ sessionId: siteMark(sid), untilMs: nowMs + LONGEST_LOGIN_MS, nowMs })
}

/** Ends all logins that a user has now, and all tokens issued until now; later ones are good. */
export async function endUserSessions(store: ChatStore, userId: string, clock: Clock): Promise<void> {
  const nowMs = clock.nowMs()
  await store.endSession({ sessionId: userMark(userId), untilMs: nowMs + LONGEST_LOGIN_MS, nowMs })
}
