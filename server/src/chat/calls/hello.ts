import type { Call } from "../caller.ts"
import { mayCreateRooms } from "../policies.ts"
import { toConversation, toMembership, toUser, toUsers } from "../wire.ts"

/** Conversations in one hello; nobody is in more at once in earnest. */
const MAX_CONVERSATIONS = 500
const MAX_OTHER_ROOMS = 50

export const hello: Call<"chat.hello"> = async ({ store, config, clock }, { user }) => {
  const [{ memberships, users, hasMore }, { rooms }] = await Promise.all([
    store.hello({ userId: user.id, limit: MAX_CONVERSATIONS }),
    store.listRooms({ notOf: user.id, limit: MAX_OTHER_ROOMS }),
  ])
  return {
    user: toUser(user),
    conversations: memberships.map(toMembership),
    users: toUsers(users),
    has_more: hasMore,
    rooms: rooms.map(toConversation),
    may_create_rooms: mayCreateRooms(config, user),
    server_time: clock.nowMs(),
  }
}
