import type { JsonText } from "../../../core/publication.ts"
import type { App, Apps } from "../apps.ts"
import { CHANNEL_PREFIXES } from "../channel-kinds.ts"
import { parseObject } from "../json.ts"
import type { SubscribeMessage } from "../messages.ts"
import { Refusal, type Wrong } from "../refusal.ts"
import { channelSigningText, isSignature } from "../signatures.ts"

/** Who asks, as far as signatures are concerned. */
export interface Asker {
  readonly app: App
  readonly socketId: string
  /** Socket ids that the same address had before. */
  readonly earlierSocketIds: readonly string[]
}

/** What a wrong signature would have been right for, or what else shows its cause. */
export interface Explanation {
  readonly wrong: Wrong
  /** Goes to the client. */
  readonly text: string
}

/** Other apps whose secrets are tried when a signature is wrong, for the log. */
const MAX_SECRETS_TRIED = 20

/**
 * Checks the signature of a subscription, byte for byte as received.
 * @throws Refusal saying which of key, socket id, channel data or secret is wrong, as far as that helps no stranger
 */
export function ensureSignedSubscription(asker: Asker, apps: Apps, message: SubscribeMessage): void {
  const { channel, auth, channelData } = message
  if (auth === "") throw new Refusal(401, `Auth info required to subscribe to ${channel}`, { wrong: "secret" })
  const text = channelSigningText(asker.socketId, channel, channelData)
  ensureSigned(asker.app, apps, auth, text, (secret, signature) => wrongPart(asker, message, secret, signature))
}

/**
 * @param auth - `KEY:HEX`
 * @param explain - what else the signature would be right for; its text may go to the client
 * @throws Refusal
 */
export function ensureSigned(
  app: App,
  apps: Apps,
  auth: string,
  text: string,
  explain: (secret: string, signature: string) => Explanation | undefined,
): void {
  const colon = auth.indexOf(":")
  if (colon < 0)
    throw new Refusal(401, 'Invalid auth: expected "<app key>:<signature>", there is no colon in it', {
      wrong: "secret",
    })
  const [keyName, signature] = [auth.slice(0, colon), auth.slice(colon + 1)]
  const key = app.keyNamed(keyName)
  if (!key) throw wrongKey(app, apps, keyName)
  if (isSignature(signature, key.secret, text)) return
  const explanation = explain(key.secret, signature)
  const cut = signature.length > 64 ? `${signature.slice(0, 64)}…` : signature
  throw new Refusal(
    401,
    `Invalid signature: Expected HMAC SHA256 hex digest of ${text}, but got ${cut}${explanation ? ` (${explanation.text})` : ""}`,
    {
      wrong: explanation?.wrong ?? "secret",
      forLog: explanation?.text ?? whoseSecret(app, apps, keyName, text, signature),
    },
  )
}

function wrongKey(app: App, apps: Apps, keyName: string): Refusal {
  const other = apps.byKey(keyName)
  return new Refusal(401, `Invalid key in auth: ${JSON.stringify(keyName.slice(0, 64))} is not a key of this app`, {
    wrong: "key",
    forLog: other
      ? `the key belongs to app "${other.id}", the client is connected to app "${app.id}"`
      : `no app has this key; the client is connected to app "${app.id}"`,
  })
}

function wrongPart(
  { earlierSocketIds, socketId }: Asker,
  { channel, channelData }: SubscribeMessage,
  secret: string,
  signature: string,
): Explanation | undefined {
  const fits = (text: string) => isSignature(signature, secret, text)
  for (const earlier of earlierSocketIds)
    if (fits(channelSigningText(earlier, channel, channelData))) return madeForEarlier(earlier)
  if (channelData && fits(channelSigningText(socketId, channel)))
    return { wrong: "channel_data", text: "it does not cover the channel_data sent with it" }
  const prefix = CHANNEL_PREFIXES.find(([start]) => channel.startsWith(start))?.[0] ?? ""
  const bare = channel.slice(prefix.length)
  if (fits(channelSigningText(socketId, bare, channelData)))
    return { wrong: "channel", text: `it was made for channel "${bare}", without the prefix "${prefix}"` }
  if (signature !== signature.toLowerCase() || signature.length !== 64)
    return { wrong: "secret", text: "a signature is 64 hexadecimal digits in lower case" }
  return undefined
}

/** The most frequent wrong one, and harmless: the client asked for it before it reconnected. */
export const madeForEarlier = (socketId: string): Explanation => ({
  wrong: "socket_id",
  text: `it was made for socket id ${socketId}, which this client had before it reconnected`,
})

/** For the log only: a client must not learn what other secrets fit. */
function whoseSecret(app: App, apps: Apps, keyName: string, text: string, signature: string): string {
  let tried = 0
  for (const other of apps.all)
    for (const { key, secret } of other.options.keys) {
      if (tried++ >= MAX_SECRETS_TRIED) break
      if (isSignature(signature, secret, text))
        return `it was made with the secret of key "${key}" of app "${other.id}", but says key "${keyName}"`
    }
  return `most likely the back end signs with another secret than the one configured for key "${keyName}" of app "${app.id}"`
}

/** A member of a presence channel, as its signed `channel_data` says. */
export interface Member {
  readonly userId: string
  readonly userInfo?: JsonText
}

/** @throws Refusal */
export function readMember(app: App, channelData: string): Member {
  const { maxPresenceMemberBytes, maxUserIdLength } = app.options.limits
  const data = parseObject(channelData)
  const id = data?.user_id
  if ((typeof id !== "string" || id === "") && typeof id !== "number")
    throw new Refusal(400, 'channel_data must be JSON of an object with a "user_id" (a non-empty string or a number)')
  const userId = String(id)
  if (userId.length > maxUserIdLength)
    throw new Refusal(400, `user_id may have ${maxUserIdLength} characters, this one has ${userId.length}`)
  const info = data?.user_info
  if (info === undefined || info === null) return { userId }
  const userInfo = JSON.stringify(info)
  const bytes = Buffer.byteLength(userInfo)
  if (bytes > maxPresenceMemberBytes)
    throw new Refusal(413, `user_info may have ${maxPresenceMemberBytes} bytes, this one has ${bytes}`)
  return { userId, userInfo }
}
