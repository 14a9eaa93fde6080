import { errors, type JWTPayload, jwtVerify, SignJWT } from "jose"
import type { Clock } from "../../core/clock.ts"

/** What a login is, as its cookie says. */
export interface LoginClaims {
  readonly userId: string
  readonly sessionId: string
  /** Unix milliseconds. */
  readonly expiresAtMs: number
  /** When somebody signed in, Unix milliseconds. */
  readonly signedInAtMs: number
}

export interface SessionKeys {
  signLogin(login: LoginClaims): Promise<string>
  /** Undefined: not ours, damaged or over. */
  readLogin(cookie: string): Promise<LoginClaims | undefined>
  /** A connection token for the Centrifuge protocol: `sub`, `info`, `sid`, `exp`. */
  signConnection(claims: JWTPayload, expiresAtMs: number): Promise<string>
}

export interface SessionKeyOptions {
  /** Signs cookies. */
  readonly sessionSecret: string
  /** Signs connection tokens; the server checks those of the site with it too. */
  readonly tokenSecret: string
  /** What the server expects in connection tokens besides (`iss`, `aud`). */
  readonly connectionClaims?: Readonly<Record<string, string>>
  readonly clock: Clock
}

/** A connection token is no cookie and the reverse, also when somebody configured one secret for both. */
const LOGIN_AUDIENCE = "skein-login"

export function createSessionKeys(options: SessionKeyOptions): SessionKeys {
  const sessionKey = keyOf(options.sessionSecret)
  const tokenKey = keyOf(options.tokenSecret)
  const { clock } = options
  const seconds = (ms: number): number => Math.floor(ms / 1000)
  const sign = (claims: JWTPayload, expiresAtMs: number, key: Uint8Array): Promise<string> =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: "HS256", typ: "JWT" })
      .setIssuedAt(seconds(clock.nowMs()))
      .setExpirationTime(seconds(expiresAtMs))
      .sign(key)
  return {
    signLogin: ({ userId, sessionId, signedInAtMs, expiresAtMs }) =>
      sign({ sub: userId, sid: sessionId, at: signedInAtMs, aud: LOGIN_AUDIENCE }, expiresAtMs, sessionKey),
    readLogin: (cookie) => readLogin(cookie, sessionKey, clock),
    signConnection: (claims, expiresAtMs) => sign({ ...claims, ...options.connectionClaims }, expiresAtMs, tokenKey),
  }
}

async function readLogin(cookie: string, key: Uint8Array, clock: Clock): Promise<LoginClaims | undefined> {
  try {
    const { payload } = await jwtVerify(cookie, key, {
      algorithms: ["HS256"],
      audience: LOGIN_AUDIENCE,
      currentDate: new Date(clock.nowMs()),
    })
    const { sub, sid, exp, at } = payload
    if (typeof sub !== "string" || typeof sid !== "string" || exp === undefined) return undefined
    return { userId: sub, sessionId: sid, expiresAtMs: exp * 1000, signedInAtMs: typeof at === "number" ? at : 0 }
  } catch (error) {
    // A cookie that is not good is no cookie: its bearer is nobody, and may sign in again.
    if (error instanceof errors.JOSEError) return undefined
    throw error
  }
}

function keyOf(secret: string): Uint8Array {
  if (secret === "") throw new Error("cookies and tokens cannot be signed with an empty secret")
  return new TextEncoder().encode(secret)
}
