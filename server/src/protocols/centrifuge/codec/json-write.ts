import type { Payload } from "../../../core/publication.ts"
import { oneLine } from "./raw-json.ts"
import { type Field, fieldsOf, type MessageName } from "./schema.ts"

/** A binary payload that is no JSON cannot be shown to a JSON client: its connection ends with 3506. */
export class NotJsonPayload extends Error {}

type Values = Readonly<Record<string, unknown>>

/** The fields of each message as pairs, made once: every frame written needs them. */
const fieldLists = new Map<MessageName, readonly (readonly [string, Field])[]>()

function fieldList(name: MessageName) {
  let list = fieldLists.get(name)
  if (list === undefined) {
    list = Object.entries(fieldsOf(name))
    fieldLists.set(name, list)
  }
  return list
}

/**
 * A message as JSON text on one line. Zero, false, "" and empty are left out, except where the schema says always.
 * @throws NotJsonPayload
 */
export function writeMessage(name: MessageName, message: object): string {
  const values = message as Values
  let text = "{"
  for (const [key, field] of fieldList(name)) {
    const value = values[key]
    if (isOmitted(field, value)) continue
    text += `${text.length > 1 ? "," : ""}"${key}":${writeField(field, value)}`
  }
  return `${text}}`
}

function isOmitted(field: Field, value: unknown): boolean {
  if (value === undefined || value === null) return true
  if (field.always) return false
  if (field.shape === "list") return (value as readonly unknown[]).length === 0
  if (field.shape === "map") return Object.keys(value as object).length === 0
  if (field.type === "bytes") return (value as Payload).length === 0
  return value === 0 || value === false || value === ""
}

function writeField({ shape, type }: Field, value: unknown): string {
  if (shape === "list") return `[${(value as readonly unknown[]).map((item) => writeValue(type, item)).join()}]`
  if (shape === "one") return writeValue(type, value)
  const members = Object.entries(value as Values)
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${writeValue(type, member)}`).join()}}`
}

function writeValue(type: Field["type"], value: unknown): string {
  switch (type) {
    case "string":
      return JSON.stringify(value)
    case "bytes":
      return payloadText(value as Payload)
    case "bool":
    case "uint32":
    case "uint64":
    case "int32":
    case "int64":
      return String(value)
    default:
      return writeMessage(type, value as object)
  }
}

/** @throws NotJsonPayload */
export function payloadText(payload: Payload): string {
  if (typeof payload === "string") return oneLine(payload)
  const text = jsonTextOf(payload)
  if (text === undefined) throw new NotJsonPayload("payload is not JSON")
  return oneLine(text)
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** The bytes as JSON text that encodes back to the same bytes; undefined when they are not JSON in UTF-8. */
export function jsonTextOf(bytes: Uint8Array): string | undefined {
  try {
    const text = utf8.decode(bytes)
    JSON.parse(text)
    return text
  } catch {
    // Not UTF-8 or not JSON: both are an answer here, not a failure.
    return undefined
  }
}
