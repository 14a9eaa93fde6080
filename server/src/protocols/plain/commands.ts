import { z } from "zod"
import { SkeinError } from "../../core/errors.ts"

const MAX_ROOM_ID_LENGTH = 60
const MAX_HISTORY = 100

const roomId = z
  .union([z.string(), z.number().int()])
  .transform(String)
  .pipe(z.string().trim().min(1).max(MAX_ROOM_ID_LENGTH))
const channel = z.string().min(1)

/** Every command of a client. The key is its `type`. */
const SCHEMAS = {
  join_room: z.object({ type: z.literal("join_room"), room_id: roomId }),
  leave_room: z.object({ type: z.literal("leave_room") }),
  subscribe: z.object({ type: z.literal("subscribe"), channel, token: z.string().optional() }),
  unsubscribe: z.object({ type: z.literal("unsubscribe"), channel }),
  history: z.object({
    type: z.literal("history"),
    channel: channel.optional(),
    limit: z.number().int().min(1).max(MAX_HISTORY).default(20),
    since: z.object({ epoch: z.string(), offset: z.number().int().min(0) }).optional(),
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
  throw new SkeinError("bad_request", `${name}: ${issue?.path.join(".") || "command"}: ${issue?.message}`)
}
