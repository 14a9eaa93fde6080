import type { Frame } from "../../../core/connection.ts"
import type { Payload } from "../../../core/publication.ts"
import { PROTOBUF_FORMAT } from "../formats.ts"
import { BadFrame, type Codec, type CommandReader } from "./codec.ts"
import { jsonTextOf } from "./json-write.ts"
import type { Answer, Command, Push } from "./messages.ts"
import { protobufType, Reader } from "./protobuf-types.ts"
import { type Field, fieldsOf, type MessageName } from "./schema.ts"

type Values = Readonly<Record<string, unknown>>

const commandType = protobufType("Command")
const replyType = protobufType("Reply")
const KINDS = Object.keys(fieldsOf("Command")).filter((name) => name !== "id")
const utf8 = new TextEncoder()

class ProtobufReader implements CommandReader {
  readonly #reader: InstanceType<typeof Reader>

  constructor(bytes: Uint8Array) {
    this.#reader = Reader.create(bytes)
  }

  next(): Command | undefined {
    if (this.#reader.pos >= this.#reader.len) return undefined
    return commandOf(this.#decode())
  }

  #decode(): Values {
    try {
      return commandType.decodeDelimited(this.#reader) as unknown as Values
    } catch (cause) {
      throw new BadFrame("malformed Protobuf", { cause })
    }
  }
}

function commandOf(message: Values): Command {
  const kind = KINDS.find((name) => message[name] !== null && message[name] !== undefined)
  const id = message.id as number
  if (kind === undefined) {
    if (id === 0) return { id: 0, kind: "pong", request: undefined }
    throw new BadFrame("command without a known request")
  }
  const type = fieldsOf("Command")[kind]?.type as MessageName
  return { id, kind, request: fromProtobuf(type, message[kind] as Values) } as Command
}

/** A decoded message with plain numbers, payloads as text where they are JSON, and nothing that was not sent. */
export function fromProtobuf(name: MessageName, message: Values): Values {
  const plain: Record<string, unknown> = {}
  for (const [key, field] of Object.entries(fieldsOf(name))) {
    // The decoder leaves empty maps and lists where nothing was sent.
    if (!Object.hasOwn(message, key) || (field.shape !== "one" && isEmpty(message[key]))) continue
    plain[key] = fieldFromProtobuf(field, message[key])
  }
  return plain
}

const isEmpty = (value: unknown): boolean => Object.keys(value as object).length === 0

function fieldFromProtobuf({ shape, type }: Field, value: unknown): unknown {
  if (shape === "list") return (value as unknown[]).map((item) => valueFromProtobuf(type, item))
  if (shape === "one") return valueFromProtobuf(type, value)
  return Object.fromEntries(
    Object.entries(value as Values).map(([key, member]) => [key, valueFromProtobuf(type, member)]),
  )
}

function valueFromProtobuf(type: Field["type"], value: unknown): unknown {
  if (type === "uint64" || type === "int64") return Number(value)
  if (type === "bytes") return payloadFromBytes(value as Uint8Array)
  return isScalar(type) ? value : fromProtobuf(type as MessageName, value as Values)
}

const isScalar = (type: Field["type"]): boolean => /^[a-z]/.test(type)

/** JSON bytes become text, so that every protocol can carry them; others stay bytes for binary clients only. */
function payloadFromBytes(bytes: Uint8Array): Payload {
  // Copied: the decoder's view shares the frame's memory, which the socket may reuse.
  return jsonTextOf(bytes) ?? Uint8Array.from(bytes)
}

/** A message as protobufjs encodes it: payload text as bytes, at any depth. */
export function toProtobuf(name: MessageName, message: object): Values {
  const made: Record<string, unknown> = {}
  for (const [key, field] of Object.entries(fieldsOf(name))) {
    const value = (message as Values)[key]
    if (value === undefined || value === null || value === 0 || value === false || value === "") continue
    made[key] = fieldToProtobuf(field, value)
  }
  return made
}

function fieldToProtobuf({ shape, type }: Field, value: unknown): unknown {
  if (shape === "list") return (value as readonly unknown[]).map((item) => valueToProtobuf(type, item))
  if (shape === "one") return valueToProtobuf(type, value)
  return Object.fromEntries(
    Object.entries(value as Values).map(([key, member]) => [key, valueToProtobuf(type, member)]),
  )
}

function valueToProtobuf(type: Field["type"], value: unknown): unknown {
  if (type === "bytes") return typeof value === "string" ? utf8.encode(value) : value
  return isScalar(type) ? value : toProtobuf(type as MessageName, value as object)
}

const encode = (reply: object): Uint8Array => replyType.encodeDelimited(toProtobuf("Reply", reply)).finish()

/** An empty message behind its length, which is 0: ping and pong. */
const EMPTY = new Uint8Array([0])

export const protobufCodec: Codec = {
  kind: "protobuf",
  format: PROTOBUF_FORMAT,
  ping: EMPTY,
  isPong: (frame) => frame.length === 1 && typeof frame !== "string" && frame[0] === 0,
  read(frame: Frame): CommandReader {
    if (typeof frame === "string") throw new BadFrame("this connection speaks Protobuf in binary frames")
    if (frame.length === 0) throw new BadFrame("empty frame")
    return new ProtobufReader(frame)
  },
  reply: (id: number, answer: Answer) => encode({ id, ...answer }),
  push: (push: Push) => encode({ push }),
  join: (frames) => joinBytes(frames as readonly Uint8Array[]),
}

function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}
