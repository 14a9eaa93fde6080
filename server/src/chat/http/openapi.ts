import { z } from "zod"
import { type Operation, operations } from "../contract.ts"

type Json = Record<string, unknown>

const refusal = {
  type: "object",
  required: ["error"],
  properties: {
    error: {
      type: "object",
      required: ["code", "name", "message"],
      properties: {
        code: { type: "integer" },
        name: { type: "string" },
        message: { type: "string" },
        retry_after_ms: { type: "integer" },
      },
    },
  },
}

/** The REST side of the contract as OpenAPI 3.1, made from the same table as the routes. */
export function openApi(): Json {
  const paths: Record<string, Json> = {}
  for (const [name, operation] of Object.entries(operations)) {
    const { method, path } = operation.http
    paths[path] = { ...paths[path], [method.toLowerCase()]: describe(name, operation) }
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Skein chat",
      version: "1",
      description:
        "Every operation is also a method of the Centrifuge protocol's RPC, under its operationId, with the same fields.",
    },
    security: [{ bearer: [] }, { cookie: [] }],
    paths,
    components: {
      schemas: { Refusal: refusal },
      securitySchemes: {
        bearer: {
          type: "http",
          scheme: "bearer",
          description: "A connection token of GET /chat/session or of the site",
        },
        cookie: { type: "apiKey", in: "cookie", name: "skein_session" },
      },
    },
  }
}

function describe(name: string, { http, summary, input, output }: Operation): Json {
  const { properties = {}, required = [] } = z.toJSONSchema(input, { io: "input", unrepresentable: "any" }) as {
    properties?: Record<string, Json>
    required?: string[]
  }
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
    parameters,
    ...(hasBody ? { requestBody: bodyOf(rest, properties, required) } : {}),
    responses: {
      200: { description: "Done", content: json(z.toJSONSchema(output, { unrepresentable: "any" })) },
      default: { description: "Refused", content: json({ $ref: "#/components/schemas/Refusal" }) },
    },
  }
}

function bodyOf(fields: readonly string[], properties: Record<string, Json>, required: readonly string[]): Json {
  const schema = {
    type: "object",
    properties: Object.fromEntries(fields.map((field) => [field, properties[field]])),
    required: required.filter((field) => fields.includes(field)),
  }
  return { required: true, content: json(schema) }
}

const json = (schema: unknown): Json => ({ "application/json": { schema } })
