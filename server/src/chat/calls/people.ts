import { SkeinError } from "../../core/errors.ts"
import type { StoredMembership, StoredUser } from "../../store/contract.ts"
import type { Call, ChatParts } from "../caller.ts"
import { conversationChannel } from "../channel-names.ts"
import { CHAT_LIMITS } from "../contract.ts"
import { ANONYMOUS_PREFIX, isAnonymousId, newConversationId, SITE_ID } from "../ids.ts"
import { cleanName, nameKey } from "../names.ts"
import { toMembership, toUser } from "../wire.ts"

/** Online members that are looked up and shown first. */
const MAX_ONLINE_FIRST = 200
/** Conversations that are told a new name, the last active first; in the others it comes with the next message. */
const MAX_TOLD_OF_NAME = 50

export const openDirect: Call<"chat.direct.open"> = async (parts, { user }, { user_id: peerId }) => {
  parts.rates.ensure(user.id, "join")
  return { conversation: toMembership(await directBetween(parts, user.id, peerId)) }
}

/** The one direct conversation of two people, made when there is none. @throws SkeinError `bad_request`, `not_found` */
export async function directBetween(
  { store, clock, pushes }: ChatParts,
  userId: string,
  peerId: string,
): Promise<StoredMembership> {
  if (peerId === userId) throw new SkeinError("bad_request", "a direct conversation needs somebody else")
  if (isAnonymousId(peerId)) throw new SkeinError("not_found", "this visitor cannot receive direct messages")
  const { membership, created } = await store.openDirect({
    id: newConversationId(),
    userId,
    peerId,
    nowMs: clock.nowMs(),
  })
  // The other person hears of it with the first message.
  if (created) pushes.toUser(userId, { type: "conversation_added", conversation: toMembership(membership) })
  return membership
}

export const findUsers: Call<"chat.users"> = async ({ store }, { user }, { query, limit }) => {
  const prefix = nameKey(query)
  const { users } = await store.findUsers({ prefix, exceptId: user.id, hiddenPrefix: ANONYMOUS_PREFIX, limit })
  // The site speaks to people by itself; nobody opens a conversation with it.
  return { users: users.filter(({ id }) => id !== SITE_ID).map(toUser) }
}

export const listMembers: Call<"chat.members"> = async (parts, { user }, { conversation_id, limit }) => {
  const online = onlineIn(parts, conversation_id)
  const { members, total } = await parts.store.members({
    conversationId: conversation_id,
    userId: user.id,
    first: [...online].slice(0, MAX_ONLINE_FIRST),
    limit,
  })
  const withCursors = total <= CHAT_LIMITS.typingMaxMembers
  return {
    members: members.map(({ user, role, joinedAtMs, readSeq }) => ({
      user: toUser(user),
      role,
      joined_at: joinedAtMs,
      ...(withCursors ? { read_seq: readSeq } : {}),
      online: online.has(user.id),
    })),
    total,
    // Of this moment: meanwhile a headcount may have been told, and an older number must not come behind it.
    online: parts.channels.presenceStats(undefined, conversationChannel(conversation_id)).users,
  }
}

function onlineIn({ channels }: ChatParts, conversationId: string): Set<string> {
  const present = channels.presence(undefined, conversationChannel(conversationId))
  return new Set([...present.values()].map(({ user }) => user))
}

export const changeProfile: Call<"chat.profile"> = async (parts, { user }, { name }) => {
  if (!user.guest) throw new SkeinError("permission_denied", "your name comes from the site you are signed in to")
  parts.rates.ensure(user.id, "join")
  const renamed = await parts.people.saveGuest(user.id, cleanName(name, CHAT_LIMITS.maxNameLength, "a name"))
  await tellName(parts, renamed)
  return { user: toUser(renamed) }
}

/** To all devices of the person, and to those who are in a conversation with him. */
async function tellName({ store, pushes }: ChatParts, renamed: StoredUser): Promise<void> {
  const push = { type: "user", user: toUser(renamed) } as const
  pushes.toUser(renamed.id, push)
  const { memberships } = await store.hello({ userId: renamed.id, limit: MAX_TOLD_OF_NAME })
  for (const { id } of memberships) pushes.toConversation(id, push)
}
