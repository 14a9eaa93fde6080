import { z } from "zod"
import { SkeinError } from "../../../core/errors.ts"
import type { JsonText, Payload } from "../../../core/publication.ts"
import { jsonTextOf } from "../codec/json-write.ts"
import { rawMember } from "../codec/raw-json.ts"

/** What a method was called with: the values, and the text they came from, for payloads to be cut out of. */
export interface ApiParams {
  readonly values: unknown
  readonly text: string
}

/** What back ends send where they mean nothing: null, or `[]` for an object (PHP's empty array). */
const isNothing = (value: unknown): boolean => value === null || (Array.isArray(value) && value.length === 0)

/** The members that hold a value. */
function members(values: unknown): Readonly<Record<string, unknown>> {
  const said: Record<string, unknown> = {}
  if (typeof values !== "object" || values === null) return said
  for (const [name, value] of Object.entries(values)) if (!isNothing(value)) said[name] = value
  return said
}

export const optionalText = z.string().optional()
export const optionalFlag = z.boolean().optional()
export const optionalInteger = z.int().optional()
export const channelName = z.string().min(1)
export const tags = z.record(z.string(), z.string()).optional()
export const position = z.object({ offset: z.int().nonnegative().nullish(), epoch: z.string().nullish() }).optional()

/** @throws SkeinError `bad_request` saying which member is wrong and how */
export function parseParams<T>(schema: z.ZodType<T>, { values }: ApiParams): T {
  const parsed = schema.safeParse(members(values))
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const where = issue?.path.join(".") || "parameters"
  throw new SkeinError("bad_request", `${where}: ${issue?.message ?? "not as expected"}`)
}

/**
 * `data` as it was written, or the bytes of `b64data` (as text when they are JSON).
 * @throws SkeinError `bad_request`
 */
export function payloadOf({ values, text }: ApiParams): Payload | undefined {
  const { data, b64data } = (values ?? {}) as { data?: unknown; b64data?: unknown }
  if (typeof b64data === "string" && b64data !== "") return payloadFromBase64(b64data)
  return data === undefined ? undefined : rawMember(text, "data")
}

/** JSON for clients (`info`, `data` of a subscription) from `name` or `b64…`. */
export function jsonOf(params: ApiParams, name: "info" | "data"): JsonText | undefined {
  const values = members(params.values)
  const encoded = values[`b64${name}`]
  if (typeof encoded === "string" && encoded !== "") {
    const payload = payloadFromBase64(encoded)
    if (typeof payload !== "string") throw new SkeinError("bad_request", `b64${name} must hold JSON`)
    return payload
  }
  return values[name] === undefined ? undefined : rawMember(params.text, name)
}

const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/

function payloadFromBase64(encoded: string): Payload {
  if (!BASE64.test(encoded)) throw new SkeinError("bad_request", "b64data must be base64")
  const bytes = Uint8Array.from(Buffer.from(encoded, "base64"))
  return jsonTextOf(bytes) ?? bytes
}
