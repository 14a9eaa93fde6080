import type { Identity } from "../core/connection.ts"
import { SkeinError } from "../core/errors.ts"
import { limitError } from "../core/limits.ts"
import type { JsonText } from "../core/publication.ts"
import type { Call, ChatParts } from "./caller.ts"
import { hello } from "./calls/hello.ts"
import { catchUp, readPage } from "./calls/history.ts"
import { deleteMessage, editMessage, sendMessage } from "./calls/messages.ts"
import { changeProfile, findUsers, listMembers, openDirect } from "./calls/people.ts"
import { markRead, notifyTyping } from "./calls/presence.ts"
import { createRoom, joinRoom, leaveRoom, listRooms } from "./calls/rooms.ts"
import type { ChatRates } from "./config.ts"
import { type Method, operations } from "./contract.ts"
import { isAnonymousId } from "./ids.ts"
import { wrongInput } from "./wrong-input.ts"

const CALLS: { readonly [M in Method]: Call<M> } = {
  "chat.hello": hello,
  "chat.rooms.list": listRooms,
  "chat.rooms.create": createRoom,
  "chat.rooms.join": joinRoom,
  "chat.rooms.leave": leaveRoom,
  "chat.direct.open": openDirect,
  "chat.users": findUsers,
  "chat.members": listMembers,
  "chat.messages": readPage,
  "chat.catch_up": catchUp,
  "chat.send": sendMessage,
  "chat.edit": editMessage,
  "chat.delete": deleteMessage,
  "chat.read": markRead,
  "chat.typing": notifyTyping,
  "chat.profile": changeProfile,
}

/** Rates of calls that only ask or only hint; those that change something take from theirs when they do. */
const RATES: Partial<Record<Method, keyof ChatRates>> = {
  "chat.hello": "query",
  "chat.rooms.list": "query",
  // Joining takes from its own rate besides, unless one is a member.
  "chat.rooms.join": "query",
  "chat.users": "query",
  "chat.members": "query",
  "chat.messages": "query",
  "chat.catch_up": "query",
  "chat.read": "cursor",
  "chat.typing": "typing",
}

export const isMethod = (name: string): name is Method => Object.hasOwn(operations, name)

/** One call, however it came: who, which operation, what with. @throws SkeinError */
export async function dispatch(parts: ChatParts, identity: Identity, method: string, input: unknown): Promise<unknown> {
  if (!isMethod(method))
    throw new SkeinError("method_not_found", `there is no chat operation "${method.slice(0, 100)}"`)
  if (isAnonymousId(identity.userId)) throw new SkeinError("unauthorized", "choose a name or sign in to use the chat")
  const parsed = parse(method, input)
  const kind = RATES[method]
  if (kind !== undefined) parts.rates.ensure(identity.userId, kind)
  const user = await parts.people.of(identity)
  const call = CALLS[method] as (
    parts: ChatParts,
    caller: { identity: Identity; user: typeof user },
    input: unknown,
  ) => Promise<unknown>
  return call(parts, { identity, user }, parsed)
}

/** @param text - JSON of the input; nothing counts as `{}` */
export function readJson(text: JsonText | undefined): unknown {
  if (text === undefined || text.trim() === "") return {}
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new SkeinError("bad_request", `the data of a call must be JSON: ${(error as Error).message}`)
  }
}

function parse(method: Method, input: unknown): unknown {
  const result = operations[method].input.safeParse(input ?? {})
  if (result.success) return result.data
  const tooLong = result.error.issues.find(({ code, path }) => code === "too_big" && path[0] === "text")
  if (tooLong)
    throw limitError("chat.max_text_length", "text_too_long", "the message is longer than any message may be")
  throw wrongInput(method, result.error)
}
