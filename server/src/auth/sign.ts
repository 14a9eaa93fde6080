import { type JWTPayload, SignJWT } from "jose"
import type { Clock } from "../core/clock.ts"

/** @param ttlSeconds - absent: the token never expires */
export type SignToken = (claims: JWTPayload, ttlSeconds?: number) => Promise<string>

/** Signs tokens of our own (chat sessions, `skein token`) with HS256. @throws Error for an empty secret */
export function createSigner(hmacSecret: string, clock: Clock): SignToken {
  if (hmacSecret === "") throw new Error("tokens cannot be signed with an empty secret")
  const key = new TextEncoder().encode(hmacSecret)
  return (claims, ttlSeconds) => {
    const nowSeconds = Math.floor(clock.nowMs() / 1000)
    const token = new SignJWT(claims).setProtectedHeader({ alg: "HS256", typ: "JWT" }).setIssuedAt(nowSeconds)
    return (ttlSeconds === undefined ? token : token.setExpirationTime(nowSeconds + ttlSeconds)).sign(key)
  }
}
