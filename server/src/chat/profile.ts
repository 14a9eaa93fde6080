import type { Identity } from "../core/connection.ts"
import { SkeinError } from "../core/errors.ts"
import type { UserDraft } from "../store/contract.ts"
import { userChannel } from "./channel-names.ts"
import { isGuestId, SITE_ID } from "./ids.ts"
import { fittingName, nameKey } from "./names.ts"

/** What an identity says of its bearer. */
interface Profile {
  readonly name?: string
  readonly avatar?: string
  readonly guest: boolean
}

/** How the chat keeps somebody whose identity says this. */
export function draftOf(identity: Identity): UserDraft {
  const { name, avatar, guest } = profileOf(identity)
  const fitting = fittingName(name ?? "", fittingName(identity.userId, "?"))
  return {
    id: identity.userId,
    name: fitting,
    nameKey: nameKey(fitting),
    ...(avatar === undefined ? {} : { avatar }),
    guest,
  }
}

/** A token with an id and no more: whoever is known by it stays as he is known. */
export function saysNothing(identity: Identity): boolean {
  const { name, avatar } = profileOf(identity)
  return name === undefined && avatar === undefined
}

/** @throws SkeinError `unauthorized`, `permission_denied`, `bad_request` */
export function ensureUsableId(identity: Identity): void {
  const { userId } = identity
  if (userId === "") throw new SkeinError("unauthorized", "sign in first: this connection has no user")
  if (userId.length > 128) throw new SkeinError("bad_request", "user ids may have at most 128 characters")
  // Guests' ids are shown to everyone: a site that lets people choose their ids must not hand one of them out.
  if (isGuestId(userId) && !profileOf(identity).guest)
    throw new SkeinError("permission_denied", 'user ids beginning with "g_" or "anon_" are kept for guests')
  if (userId === SITE_ID) throw new SkeinError("permission_denied", `the user id "${SITE_ID}" is the site's own`)
  userChannel(userId)
}

/** Name and avatar of the `info` of a token; anything else in it is not ours. */
function profileOf({ info }: Identity): Profile {
  const claims = parsed(info)
  const { name, avatar, guest } = claims
  return {
    ...(typeof name === "string" ? { name } : {}),
    ...(typeof avatar === "string" && isUsableAvatar(avatar) ? { avatar } : {}),
    guest: guest === true,
  }
}

function parsed(info: string | undefined): Record<string, unknown> {
  if (info === undefined) return {}
  try {
    const value: unknown = JSON.parse(info)
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    // Whoever made the identity put something else into its info; then it has no name for us.
    return {}
  }
}

/** An address of a picture, here or elsewhere; never `javascript:` or `data:`. */
const isUsableAvatar = (address: string): boolean =>
  address.length <= 500 && (/^https?:\/\/[^\s"'<>\\]+$/i.test(address) || /^\/(?!\/)[^\s"'<>\\]*$/.test(address))
