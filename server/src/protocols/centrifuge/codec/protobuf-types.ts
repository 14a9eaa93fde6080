import protobuf from "protobufjs/light.js"
import { type Field, fieldsOf, MESSAGES, type MessageName } from "./schema.ts"

/** The schema as protobufjs wants it. */
function descriptor(): protobuf.INamespace {
  const nested: Record<string, protobuf.IType> = {}
  for (const name of Object.keys(MESSAGES) as MessageName[]) {
    const fields = Object.entries(fieldsOf(name)).map(([key, field]) => [key, fieldDescriptor(field)])
    nested[name] = { fields: Object.fromEntries(fields) }
  }
  return { nested }
}

function fieldDescriptor({ number, type, shape }: Field): protobuf.IField {
  const made = { id: number, type } as protobuf.IField & { keyType?: string }
  if (shape === "list") made.rule = "repeated"
  if (shape === "map") made.keyType = "string"
  return made
}

// keepCase: our field names are the wire's, with underscores.
const root = protobuf.Root.fromJSON(descriptor())

export const protobufType = (name: MessageName): protobuf.Type => root.lookupType(name)
export const { Reader } = protobuf
