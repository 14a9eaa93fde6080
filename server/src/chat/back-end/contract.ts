import { z } from "zod"
import { CHAT_LIMITS, cardSchema } from "../contract.ts"

/**
 * What the site's back end may do in the chat, as methods of the server API's `rpc` (`spec/chat.md`, "The site speaks").
 * Whoever holds the API key is trusted: no membership, rate or role is asked for, except where a user is spoken for.
 */
const id = z.string().min(1).max(128)
const name = z.string().min(1).max(200)
/** Made or renamed when it comes with a name; without, it must be known. */
const person = z.strictObject({ id, name: name.optional(), avatar: z.string().max(500).optional() })
/** A room by its slug, or any conversation by its id. */
const place = z.string().min(1).max(64)

export const backEndSchemas = {
  /** Says something in a room, or to one person in private. */
  "chat.post": z.strictObject({
    room: place.optional(),
    to: person.optional(),
    /** Absent: the site speaks. Without an id: the site, which has that name from then on. */
    as: person.partial({ id: true }).optional(),
    text: z
      .string()
      .min(1)
      .max(CHAT_LIMITS.maxTextLength * 2)
      .optional(),
    card: cardSchema.optional(),
    /** Unique for ever per speaker: sent twice, said once. */
    client_id: z.string().min(8).max(64).optional(),
    reply_to_seq: z.int().min(1).optional(),
  }),
  /** Makes a room, or finds the one that has this slug. */
  "chat.rooms.create": z.strictObject({
    name: z.string().min(1).max(CHAT_LIMITS.maxRoomNameLength),
    /** Absent: made of the name. */
    slug: z.string().min(1).max(CHAT_LIMITS.maxRoomNameLength).optional(),
    topic: z.string().max(200).optional(),
    owner: person.optional(),
  }),
  "chat.members.add": z.strictObject({ room: place, user: person }),
  "chat.members.remove": z.strictObject({ room: place, user: z.strictObject({ id }) }),
  /** Ends one login of the site (the `sid` of its tokens), or all that a user has now. Connections close at once. */
  "chat.sessions.end": z.strictObject({ session: z.string().min(1).max(256).optional(), user: id.optional() }),
  /** Makes somebody known before the first visit, or renames. */
  "chat.users.save": z.strictObject({ id, name, avatar: z.string().max(500).optional() }),
} as const

export type BackEndMethod = keyof typeof backEndSchemas
export type BackEndInput<M extends BackEndMethod> = z.output<(typeof backEndSchemas)[M]>
