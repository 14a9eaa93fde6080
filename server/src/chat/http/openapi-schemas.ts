import { z } from "zod"
import {
  cardSchema,
  catchUpEntrySchema,
  changeSchema,
  conversationSchema,
  memberSchema,
  membershipSchema,
  messageSchema,
  operations,
  pageSchema,
  refusalSchema,
  sessionAnswerSchema,
  signInSchema,
  userSchema,
  usersSchema,
} from "../contract.ts"

type Json = Record<string, unknown>

const NAMED: Readonly<Record<string, z.ZodType>> = {
  User: userSchema,
  Users: usersSchema,
  Card: cardSchema,
  Message: messageSchema,
  Change: changeSchema,
  Conversation: conversationSchema,
  Membership: membershipSchema,
  Member: memberSchema,
  Page: pageSchema,
  CatchUpEntry: catchUpEntrySchema,
  SessionAnswer: sessionAnswerSchema,
  SignIn: signInSchema,
  Refusal: refusalSchema,
}

/** `chat.rooms.list` answers with a `RoomsListAnswer`, unless its answer has a name of its own. */
const answerName = (operation: string): string =>
  `${operation
    .split(/[._]/)
    .slice(1)
    .map((word) => word[0]?.toUpperCase() + word.slice(1))
    .join("")}Answer`

const registry = z.registry<{ id: string }>()
for (const [id, schema] of Object.entries(NAMED)) registry.add(schema, { id })
for (const [name, { output }] of Object.entries(operations))
  if (!registry.has(output)) registry.add(output, { id: answerName(name) })

const uri = (id: string): string => `#/components/schemas/${id}`

/** Where the document keeps the schema of an operation's answer. */
export const refTo = (schema: z.ZodType): Json => ({ $ref: uri(registry.get(schema)?.id ?? "") })

/** What everything that has a name looks like, for `components.schemas`. */
export function namedSchemas(): Json {
  const { schemas } = z.toJSONSchema(registry, { uri, override: tidied })
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $schema: _draft, $id: _uri, ...schema }]) => [id, schema as Json]),
  )
}

/** The fields of an operation's input, and which of them must be there. */
export function fieldsOf(input: z.ZodType): { properties: Record<string, Json>; required: string[] } {
  const { properties = {}, required = [] } = z.toJSONSchema(input, { io: "input", override: tidied })
  return { properties: properties as Record<string, Json>, required }
}

/** Answers may grow: a client that was made from this document must not refuse what it does not know. */
function tidied({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodTypes; jsonSchema: z.core.JSONSchema.BaseSchema }) {
  const { def } = zodSchema._zod
  if (def.type === "object" && def.catchall === undefined) delete jsonSchema.additionalProperties
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
}
