import { SkeinError } from "../../core/errors.ts"
import type { Joined, StoredMembership, StoredUser } from "../../store/contract.ts"
import { type Call, type Caller, type ChatParts, ensureRate } from "../caller.ts"
import { CHAT_LIMITS } from "../contract.ts"
import { cleanName, nameKey, slugOf } from "../names.ts"
import { openRoom, topicOf } from "../new-rooms.ts"
import { mayCreateRooms } from "../policies.ts"
import { toConversation, toMembership } from "../wire.ts"

export const listRooms: Call<"chat.rooms.list"> = async ({ store }, { user }, { query, which, limit }) => {
  const { rooms } = await store.listRooms({
    ...(query === undefined ? {} : { queryKey: nameKey(query) }),
    ...(which === "joinable" ? { notOf: user.id } : {}),
    limit,
  })
  return { rooms: rooms.map(toConversation) }
}

export const createRoom: Call<"chat.rooms.create"> = async (parts, { user }, { name, topic }) => {
  if (!mayCreateRooms(parts.config, user))
    throw new SkeinError("permission_denied", "the configuration does not let you open rooms (chat.create_rooms)")
  const title = cleanName(name, CHAT_LIMITS.maxRoomNameLength, "a room's name")
  const slug = slugOf(title)
  if (slug === "") throw new SkeinError("bad_request", "a room's name must have at least one letter or digit")
  parts.rates.ensure(user.id, "create")
  const { membership } = await openRoom(parts, { slug, name: title, ...topicOf(topic), ownerId: user.id })
  return { conversation: toMembership(membership) }
}

export const joinRoom: Call<"chat.rooms.join"> = async (parts, caller, { conversation_id }) => ({
  conversation: toMembership(await becomeMember(parts, caller, conversation_id)),
})

/**
 * Who is a member already has joined, however often a client that comes back says so: that costs nothing of the rate.
 * @throws SkeinError `not_found`, `too_many_requests`
 */
export async function becomeMember(
  parts: ChatParts,
  { identity, user }: Caller,
  conversationId: string,
): Promise<StoredMembership> {
  const membership = await membershipOf(parts, user.id, conversationId)
  if (membership?.kind === "room") return membership
  ensureRate(parts, identity, user.id, "join")
  return (await addMember(parts, user, conversationId)).membership
}

async function membershipOf(
  { store }: ChatParts,
  userId: string,
  conversationId: string,
): Promise<StoredMembership | undefined> {
  try {
    return (await store.membership({ conversationId, userId })).membership
  } catch (error) {
    if (error instanceof SkeinError && error.code === "not_a_member") return undefined
    throw error
  }
}

/** Makes somebody a member and tells everyone. @throws SkeinError `not_found` */
export async function addMember(
  { store, clock, pushes, headcounts }: ChatParts,
  user: StoredUser,
  conversationId: string,
): Promise<Joined> {
  const { membership, joined } = await store.join({ conversationId, userId: user.id, nowMs: clock.nowMs() })
  if (!joined) return { membership, joined }
  headcounts.joined(conversationId, user, membership.memberCount)
  pushes.toUser(user.id, { type: "conversation_added", conversation: toMembership(membership) })
  return { membership, joined }
}

export const leaveRoom: Call<"chat.rooms.leave"> = async (parts, caller, { conversation_id: conversationId }) => {
  const { identity, user } = caller
  ensureRate(parts, identity, user.id, "join")
  await removeMember(parts, user, conversationId)
  return {}
}

/** Ends a membership and cuts the channel in the same step. Resolves with false when there was none. */
export async function removeMember(
  { store, lanes, owner, pushes, headcounts }: ChatParts,
  user: StoredUser,
  conversationId: string,
): Promise<boolean> {
  const { left } = await lanes.barrier(
    conversationId,
    () => store.leave({ conversationId, userId: user.id }),
    ({ left, memberCount }) => {
      owner.cut(user.id, conversationId)
      if (!left) return
      pushes.toUser(user.id, { type: "conversation_removed", conversation_id: conversationId })
      headcounts.left(conversationId, user, memberCount)
    },
  )
  return left
}
