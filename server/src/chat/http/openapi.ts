import type { z } from "zod"
import { ERRORS } from "../../core/errors.ts"
import { type Operation, operations, sessionAnswerSchema, signInSchema } from "../contract.ts"
import { SESSION_COOKIE } from "../session/cookie.ts"
import { fieldsOf, namedSchemas, refTo } from "./openapi-schemas.ts"

type Json = Record<string, unknown>

/** The REST side of the contract as OpenAPI 3.1, made from the same table as the routes. */
export function openApi(): Json {
  const paths: Record<string, Json> = { "/chat/session": sessionPaths() }
  for (const [name, operation] of Object.entries(operations)) {
    const { method, path } = operation.http
    paths[path] = { ...paths[path], [method.toLowerCase()]: describe(name, operation) }
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Skein chat",
      version: "1",
      license: { name: "MIT", identifier: "MIT" },
      description:
        "Every operation whose operationId begins with `chat.` is also a method of the Centrifuge protocol's RPC under that name, with the same fields and the same refusals. Calls that change something are refused for pages of other origins. Times are Unix milliseconds and for display only; order is `seq`.",
    },
    security: [{ bearer: [] }, { cookie: [] }],
    paths,
    components: {
      schemas: namedSchemas(),
      responses: { Refused: refused() },
      securitySchemes: {
        bearer: {
          type: "http",
          scheme: "bearer",
          bearerFormat: "JWT",
          description: "A connection token from GET /chat/session or from the site",
        },
        cookie: { type: "apiKey", in: "cookie", name: SESSION_COOKIE },
      },
    },
  }
}

function describe(name: string, { http, summary, input, output }: Operation): Json {
  const { properties, required } = fieldsOf(input)
  const inPath = [...http.path.matchAll(/\{(\w+)\}/g)].map(([, field]) => field as string)
  const rest = Object.keys(properties).filter((field) => !inPath.includes(field))
  const parameter = (place: "path" | "query") => (field: string) => ({
    name: field,
    in: place,
    required: place === "path" || required.includes(field),
    schema: properties[field],
  })
  const parameters = inPath.map(parameter("path"))
  if (http.method === "GET") parameters.push(...rest.map(parameter("query")))
  const hasBody = http.method !== "GET" && rest.length > 0
  return {
    operationId: name,
    summary,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(hasBody ? { requestBody: bodyOf(rest, properties, required) } : {}),
    responses: answered(output),
  }
}

function bodyOf(fields: readonly string[], properties: Record<string, Json>, required: readonly string[]): Json {
  const needed = required.filter((field) => fields.includes(field))
  const schema = {
    type: "object",
    properties: Object.fromEntries(fields.map((field) => [field, properties[field]])),
    ...(needed.length > 0 ? { required: needed } : {}),
  }
  return { required: needed.length > 0, content: json(schema) }
}

function sessionPaths(): Json {
  const responses = answered(sessionAnswerSchema)
  return {
    get: {
      operationId: "session.get",
      summary: "Who is signed in, if anybody, with a connection token that is valid for ten minutes",
      security: [{}, { cookie: [] }],
      responses,
    },
    post: {
      operationId: "session.post",
      summary: "Sign in: with a name as a guest, with the site's token as its user; sets the cookie",
      security: [{}, { cookie: [] }],
      requestBody: { required: true, content: json(refTo(signInSchema)) },
      responses,
    },
    delete: {
      operationId: "session.delete",
      summary: "Sign out: the cookie is cleared, this session's connections are closed",
      security: [{}, { cookie: [] }],
      responses,
    },
  }
}

const answered = (output: z.ZodType): Json => ({
  200: { description: "Done", content: json(refTo(output)) },
  default: { $ref: "#/components/responses/Refused" },
})

function refused(): Json {
  const names = Object.entries(ERRORS).map(([name, { httpStatus }]) => `${name} (${httpStatus})`)
  return {
    description: `Refused; \`error.name\` says why: ${names.join(", ")}.`,
    headers: {
      "Retry-After": {
        description: "Seconds, with too_many_requests and whatever else is worth trying again",
        schema: { type: "integer" },
      },
    },
    content: json({ $ref: "#/components/schemas/Refusal" }),
  }
}

const json = (schema: unknown): Json => ({ "application/json": { schema } })
