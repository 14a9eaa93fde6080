import * as frames from "../frames.ts"
import { parseObject } from "../json.ts"
import { Refusal } from "../refusal.ts"
import { isSignature, userSigningText } from "../signatures.ts"
import { ensureSigned, madeForEarlier } from "./authorizing.ts"
import type { Client, SignedInUser } from "./client.ts"
import { becomeUser, bindToLogin } from "./login.ts"

/** Past this many ids to watch. */
const WATCHLIST_LIMIT_EXCEEDED = 4302

export interface SignIn {
  readonly user: SignedInUser
  /** At most as many as the app allows. */
  readonly watchlist: readonly string[]
  /** Sent in this order when the sign-in stands. */
  readonly answers: readonly string[]
}

/**
 * Checks a `pusher:signin` and makes the connection that user's.
 * @throws Refusal
 */
export function signIn(client: Client, auth: string, userData: string): SignIn {
  const { app, parts, socketId, earlierSocketIds } = client
  ensureSigned(app, parts.apps, auth, userSigningText(socketId, userData), (secret, signature) => {
    const earlier = earlierSocketIds.find((id) => isSignature(signature, secret, userSigningText(id, userData)))
    return earlier === undefined ? undefined : madeForEarlier(earlier)
  })
  const data = parseObject(userData)
  const id = data?.id
  const { maxUserIdLength, maxWatchlist } = app.options.limits
  if (typeof id !== "string" || id === "") throw new Refusal(400, 'user_data must have an "id", a non-empty string')
  if (id.length > maxUserIdLength)
    throw new Refusal(400, `the id of a user may have ${maxUserIdLength} characters, this one has ${id.length}`)
  if (client.user && client.user.id !== id)
    throw new Refusal(409, "This connection is already signed in as another user")
  // First, as it may refuse: whoever is refused is nobody.
  bindToLogin(client, data, "id")
  if (!client.user) becomeUser(client, id)
  const answers = [frames.signinSuccess(userData)]
  const watched = app.options.watchlist ? readWatchlist(data?.watchlist) : []
  if (watched.length > maxWatchlist)
    answers.push(
      frames.error(
        WATCHLIST_LIMIT_EXCEEDED,
        `A watchlist may have ${maxWatchlist} users, this one has ${watched.length}: the first ${maxWatchlist} are watched`,
      ),
    )
  return { user: { id, userInfo: data?.user_info }, watchlist: watched.slice(0, maxWatchlist), answers }
}

function readWatchlist(value: unknown): string[] {
  if (!Array.isArray(value)) return []
  return [...new Set(value.filter((id) => typeof id === "string" || typeof id === "number").map(String))]
}
