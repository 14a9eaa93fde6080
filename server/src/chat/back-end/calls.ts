import { SkeinError } from "../../core/errors.ts"
import type { StoredUser } from "../../store/contract.ts"
import type { ChatParts } from "../caller.ts"
import { sayFor } from "../calls/messages.ts"
import { directBetween } from "../calls/people.ts"
import { addMember, removeMember } from "../calls/rooms.ts"
import { newClientId } from "../ids.ts"
import { endSiteSession, endUserSessions } from "../session/endings.ts"
import { toConversation, toMessage, toUser } from "../wire.ts"
import { cardText } from "./card-text.ts"
import type { BackEndInput, BackEndMethod } from "./contract.ts"
import { createRoom, findPlace } from "./places.ts"

type BackEndCall<M extends BackEndMethod> = (parts: ChatParts, input: BackEndInput<M>) => Promise<object>

const post: BackEndCall<"chat.post"> = async (parts, input) => {
  const { card, client_id: clientId = newClientId(), reply_to_seq: replyToSeq } = input
  const text = input.text ?? (card && cardText(card))
  if (text === undefined) throw new SkeinError("bad_request", "chat.post needs text, a card, or both")
  const isSite = input.as?.id === undefined
  const speaker = await speakerOf(parts, input.as)
  const { message, duplicate } = await sayFor(parts, speaker, {
    conversationId: await placeOf(parts, speaker, input),
    clientId,
    text,
    ...(card === undefined ? {} : { card: JSON.stringify(card) }),
    ...(replyToSeq === undefined ? {} : { replyToSeq }),
    // The site is a member of no room and may speak in all; who is spoken for must be in it.
    ...(isSite ? { visitor: true } : {}),
  })
  return { message: toMessage(message), duplicate }
}

function speakerOf({ people, config }: ChatParts, as: BackEndInput<"chat.post">["as"]): Promise<StoredUser> {
  if (as?.id !== undefined) return people.told({ ...as, id: as.id })
  return people.site(as?.name, SITE_NAMES[config.language])
}

const SITE_NAMES = { en: "Notice", "zh-CN": "通知" }

async function placeOf(
  parts: ChatParts,
  speaker: StoredUser,
  { room, to }: BackEndInput<"chat.post">,
): Promise<string> {
  if (room !== undefined && to === undefined) return findPlace(parts, room)
  if (to === undefined || room !== undefined)
    throw new SkeinError("bad_request", 'chat.post needs either "room" (a slug or an id) or "to" (a user)')
  const { id } = await parts.people.told(to)
  return (await directBetween(parts, speaker.id, id)).id
}

const addToRoom: BackEndCall<"chat.members.add"> = async (parts, { room, user }) => {
  const conversationId = await findPlace(parts, room)
  const { membership, joined } = await addMember(parts, await parts.people.told(user), conversationId)
  return { conversation: toConversation(membership), joined }
}

const removeFromRoom: BackEndCall<"chat.members.remove"> = async (parts, { room, user }) => {
  const conversationId = await findPlace(parts, room)
  return { left: await removeMember(parts, await parts.people.told(user), conversationId) }
}

const saveUser: BackEndCall<"chat.users.save"> = async (parts, user) => ({
  user: toUser(await parts.people.told(user)),
})

const endSessions: BackEndCall<"chat.sessions.end"> = async (parts, { session, user }) => {
  if (session === undefined && user === undefined)
    throw new SkeinError("bad_request", 'chat.sessions.end needs "session" (the sid of your tokens) or "user"')
  const { store, clock, closeSession, closeUser } = parts
  // Noted first, so that who is closed cannot come back with the same cookie; closed also when the store is down.
  try {
    if (session !== undefined) await endSiteSession(store, session, clock)
    if (user !== undefined) await endUserSessions(store, user, clock)
  } finally {
    if (session !== undefined) closeSession(session)
    if (user !== undefined) closeUser(user)
  }
  return {}
}

export const BACK_END_CALLS: { readonly [M in BackEndMethod]: BackEndCall<M> } = {
  "chat.post": post,
  "chat.rooms.create": createRoom,
  "chat.members.add": addToRoom,
  "chat.members.remove": removeFromRoom,
  "chat.sessions.end": endSessions,
  "chat.users.save": saveUser,
}
