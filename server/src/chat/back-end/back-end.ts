import { SkeinError } from "../../core/errors.ts"
import type { JsonText } from "../../core/publication.ts"
import type { ChatParts } from "../caller.ts"
import { readJson } from "../dispatch.ts"
import { wrongInput } from "../wrong-input.ts"
import { BACK_END_CALLS } from "./calls.ts"
import { type BackEndMethod, backEndSchemas } from "./contract.ts"

/**
 * A call of the site's back end, whose API key has been checked. @param data - JSON of the input. @returns JSON
 * @throws SkeinError `method_not_found`, `bad_request` and what the call itself refuses
 */
export async function callForBackEnd(parts: ChatParts, method: string, data: JsonText): Promise<JsonText> {
  if (!isBackEndMethod(method))
    throw new SkeinError(
      "method_not_found",
      `no RPC method "${method.slice(0, 100)}"; there are ${Object.keys(BACK_END_CALLS).join(", ")}`,
    )
  const parsed = backEndSchemas[method].safeParse(withoutNothing(readJson(data)))
  if (!parsed.success) throw wrongInput(method, parsed.error)
  const call = BACK_END_CALLS[method] as (parts: ChatParts, input: unknown) => Promise<object>
  return JSON.stringify(await call(parts, parsed.data))
}

const isBackEndMethod = (name: string): name is BackEndMethod => Object.hasOwn(BACK_END_CALLS, name)

/** Back ends write null for what they do not mean, and PHP an empty array for an empty object. */
function withoutNothing(value: unknown): unknown {
  if (value === null || (Array.isArray(value) && value.length === 0)) return {}
  if (typeof value !== "object" || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null))
}
