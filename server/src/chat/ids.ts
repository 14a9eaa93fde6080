import { createHash, randomBytes } from "node:crypto"

/** 120 random bits in letters and digits that survive addresses, channel names and being read out. */
function random(): string {
  const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
  return [...randomBytes(24)].map((byte) => alphabet[byte & 31]).join("")
}

export const newConversationId = (): string => `c_${random()}`
export const newClientId = (): string => `s_${random()}`
export const newSessionId = (): string => `l_${random()}`
export const newGuestId = (): string => `${GUEST_PREFIX}${random()}`

/** Ids beginning so belong to visitors who chose a name here; a site's users cannot have them. */
const GUEST_PREFIX = "g_"
/** Ids of bare sockets without identity. */
export const ANONYMOUS_PREFIX = "anon_"

/** Who speaks when the site's back end speaks for itself. */
export const SITE_ID = "_site"

/** Derived, so that a connection has one; hashed, because connection ids address API calls and user ids are public. */
export function anonymousIdOf(connectionId: string): string {
  return ANONYMOUS_PREFIX + createHash("sha256").update(connectionId).digest("hex").slice(0, 20)
}

export const isAnonymousId = (userId: string): boolean => userId.startsWith(ANONYMOUS_PREFIX)
export const isGuestId = (userId: string): boolean => userId.startsWith(GUEST_PREFIX) || isAnonymousId(userId)
