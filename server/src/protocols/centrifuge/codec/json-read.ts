import type { JsonText } from "../../../core/publication.ts"
import { BadFrame } from "./codec.ts"
import type { Command } from "./messages.ts"
import { rawMember } from "./raw-json.ts"
import { type Field, fieldsOf, type MessageName } from "./schema.ts"

type Values = Readonly<Record<string, unknown>>

/** In order of frequency: the first that is there is the command. */
const REQUESTS = [
  ["publish", "PublishRequest"],
  ["subscribe", "SubscribeRequest"],
  ["rpc", "RpcRequest"],
  ["unsubscribe", "ChannelRequest"],
  ["connect", "ConnectRequest"],
  ["presence", "ChannelRequest"],
  ["presence_stats", "ChannelRequest"],
  ["history", "HistoryRequest"],
  ["refresh", "RefreshRequest"],
  ["sub_refresh", "SubRefreshRequest"],
  ["send", "SendRequest"],
  ["ping", "Empty"],
] as const satisfies readonly (readonly [string, MessageName])[]

/** One command from its text. Payloads stay source text. @throws BadFrame */
export function readCommand(line: string): Command {
  const command = parseObject(line)
  for (const [kind, message] of REQUESTS) {
    const request = command[kind]
    if (request === undefined || request === null) continue
    ensureShape(message, kind, request)
    const id = command.id ?? 0
    if (!isCommandId(id)) throw new BadFrame("id must be an integer of 32 bits")
    return { id, kind, request: withPayload(kind, request as Values, line) } as Command
  }
  if (Object.keys(command).length === 0) return { id: 0, kind: "pong", request: undefined }
  throw new BadFrame("command without a known request")
}

/** @throws BadFrame unless the text is a JSON object */
export function parseObject(text: string): Values {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new BadFrame("malformed JSON", { cause })
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new BadFrame("expected a JSON object")
  return value as Values
}

const isCommandId = (id: unknown): id is number =>
  Number.isInteger(id) && (id as number) >= 0 && (id as number) < 2 ** 32

/** Only these carry payloads that we use; the rest is not worth a search. */
function withPayload(kind: Command["kind"], request: Values, line: string): Values {
  if ((kind !== "publish" && kind !== "rpc") || request.data === undefined) return request
  return { ...request, data: rawMember(line, kind, "data") as JsonText }
}

/** @throws BadFrame when a field has another type than the schema says; null counts as absent */
export function ensureShape(message: MessageName, where: string, value: unknown): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrongType(where, "an object")
  const values = value as Values
  const fields = fieldsOf(message)
  for (const name in fields) {
    const given = values[name]
    const field = fields[name]
    if (given !== undefined && given !== null && field !== undefined) ensureField(field, `${where}.${name}`, given)
  }
}

function ensureField(field: Field, where: string, value: unknown): void {
  if (field.shape === "one") {
    ensureType(field.type, where, value)
    return
  }
  const isList = Array.isArray(value)
  if (typeof value !== "object" || value === null || isList !== (field.shape === "list"))
    throw wrongType(where, field.shape === "list" ? "an array" : "an object")
  for (const member of Object.values(value)) ensureType(field.type, where, member)
}

function ensureType(type: Field["type"], where: string, value: unknown): void {
  switch (type) {
    case "bytes":
      return
    case "string":
      if (typeof value !== "string") throw wrongType(where, "a string")
      return
    case "bool":
      if (typeof value !== "boolean") throw wrongType(where, "true or false")
      return
    case "uint32":
    case "uint64":
      if (!Number.isSafeInteger(value) || (value as number) < 0) throw wrongType(where, "a positive integer")
      return
    case "int32":
    case "int64":
      if (!Number.isSafeInteger(value)) throw wrongType(where, "an integer")
      return
    default:
      ensureShape(type, where, value)
  }
}

const wrongType = (where: string, expected: string): BadFrame => new BadFrame(`${where} must be ${expected}`)
