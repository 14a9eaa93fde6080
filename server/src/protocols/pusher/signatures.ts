import { createHash, createHmac, timingSafeEqual } from "node:crypto"

/** HMAC-SHA256 as lower-case hex, over UTF-8. */
export function sign(secret: string, text: string | Uint8Array): string {
  return createHmac("sha256", secret).update(text).digest("hex")
}

/** Compares in constant time. @param given - as the client sent it */
export function isSignature(given: string, secret: string, text: string): boolean {
  const expected = Buffer.from(sign(secret, text))
  const candidate = Buffer.from(given)
  return candidate.byteLength === expected.byteLength && timingSafeEqual(candidate, expected)
}

export const md5 = (bytes: Uint8Array): string => createHash("md5").update(bytes).digest("hex")

/** What is signed for a subscription. `channelData`: exactly the bytes received. */
export function channelSigningText(socketId: string, channel: string, channelData?: string): string {
  return channelData ? `${socketId}:${channel}:${channelData}` : `${socketId}:${channel}`
}

/** What is signed for a sign-in. `userData`: exactly the bytes received. */
export const userSigningText = (socketId: string, userData: string): string => `${socketId}::user::${userData}`
