import { z } from "zod"
import { SkeinError } from "../../core/errors.ts"

const MAX_ROOM_ID_LENGTH = 60
const MAX_HISTORY = 100

const ROOM_ID = `expected a text of 1 to ${MAX_ROOM_ID_LENGTH} characters or a whole number`
const roomId = z
  .union([z.string(), z.number().int()], ROOM_ID)
  .transform(String)
  .pipe(z.string().trim().min(1, ROOM_ID).max(MAX_ROOM_ID_LENGTH, ROOM_ID))
const CHANNEL = "expected the name of a channel, a text"
const channel = z.string(CHANNEL).min(1, CHANNEL)
const LIMIT = "expected a whole number from 1 on"
const SINCE = 'expected {"epoch":"…","offset":0}, as an answer of the server had it'

/** Every command of a client. The key is its `type`. */
const SCHEMAS = {
  join_room: z.object({ type: z.literal("join_room"), room_id: roomId }),
  leave_room: z.object({ type: z.literal("leave_room") }),
  subscribe: z.object({ type: z.literal("subscribe"), channel, token: z.string("expected a text").optional() }),
  unsubscribe: z.object({ type: z.literal("unsubscribe"), channel }),
  history: z.object({
    type: z.literal("history"),
    channel: channel.optional(),
    room_id: roomId.optional(),
    limit: z
      .int(LIMIT)
      .min(1, LIMIT)
      .default(20)
      .transform((limit) => Math.min(limit, MAX_HISTORY)),
    since: z.object({ epoch: z.string(SINCE), offset: z.int(SINCE).min(0, SINCE) }, SINCE).optional(),
  }),
  ping: z.object({ type: z.literal("ping") }),
  heartbeat: z.object({ type: z.literal("heartbeat") }),
  pong: z.object({ type: z.literal("pong") }),
} as const

export type Command = { [T in keyof typeof SCHEMAS]: z.output<(typeof SCHEMAS)[T]> }[keyof typeof SCHEMAS]

/** What a text frame is by its form alone, whoever sent it. */
export type Reading =
  | { readonly kind: "command"; readonly command: Command }
  /** Published by the back end, said in the room by anyone else. */
  | { readonly kind: "channelled"; readonly channel: string }
  | { readonly kind: "heartbeat" }
  | { readonly kind: "text" }

/** @throws SkeinError `bad_request` for a command that is not well formed */
export function readFrame(text: string): Reading {
  if (text === "ping") return { kind: "heartbeat" }
  const fields = objectOf(text)
  if (fields === undefined) return { kind: "text" }
  const name = commandName(fields)
  if (name !== undefined) return { kind: "command", command: parseCommand(name, fields) }
  if (typeof fields.channel === "string") return { kind: "channelled", channel: fields.channel }
  return { kind: "text" }
}

type Fields = Readonly<Record<string, unknown>>

function objectOf(text: string): Fields | undefined {
  if (!/^\s*\{/.test(text)) return undefined
  try {
    return JSON.parse(text) as Fields
  } catch {
    // Not JSON, or nested too deeply to be read: a text like any other.
    return undefined
  }
}

/** Tutorials log in and enter a room with one frame. A login without a room is no command. */
function commandName({ type, room_id }: Fields): keyof typeof SCHEMAS | undefined {
  if (type === "login" && room_id !== undefined) return "join_room"
  return typeof type === "string" && Object.hasOwn(SCHEMAS, type) ? (type as keyof typeof SCHEMAS) : undefined
}

function parseCommand(name: keyof typeof SCHEMAS, fields: Fields): Command {
  const result = SCHEMAS[name].safeParse({ ...fields, type: name })
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new SkeinError(
    "bad_request",
    `${name}: ${issue?.path.join(".") || "command"}: ${issue?.message}, got ${show(issue?.path ?? [], fields)}`,
  )
}

const MAX_SHOWN = 40

/** What came in place of what was expected. Of lists and objects only that: they may be deep, and of any size. */
function show(path: readonly PropertyKey[], fields: Fields): string {
  const found = path.reduce<unknown>((at, key) => (at as Fields | null | undefined)?.[key as string], fields)
  if (found === undefined) return "nothing"
  if (typeof found === "object" && found !== null) return Array.isArray(found) ? "a list" : "an object"
  const text = JSON.stringify(found)
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text
}
