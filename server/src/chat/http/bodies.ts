import { collectBytes } from "../../core/collect-bytes.ts"
import { SkeinError } from "../../core/errors.ts"
import { readJson } from "../dispatch.ts"

/**
 * The JSON body of a request.
 * @throws SkeinError `payload_too_large` beyond `maxBytes`; `bad_request` for another content type (a form of another
 * site cannot send this one without asking), for what is no UTF-8, or no JSON object
 */
export async function jsonBody(request: Request, maxBytes: number): Promise<Record<string, unknown>> {
  const text = await boundedText(request, maxBytes)
  if (text === "") return {}
  const type = request.headers.get("content-type") ?? ""
  if (!/^application\/json\b/i.test(type))
    throw new SkeinError("bad_request", `the body must be application/json, got "${type.slice(0, 60)}"`)
  const value = readJson(text)
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new SkeinError("bad_request", "the body must be a JSON object")
  return value as Record<string, unknown>
}

async function boundedText(request: Request, maxBytes: number): Promise<string> {
  const tooLarge = () => new SkeinError("payload_too_large", `the body may have ${maxBytes} bytes`)
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) throw tooLarge()
  if (!request.body) return ""
  const bytes = await collectBytes(request.body, maxBytes)
  if (!bytes) throw tooLarge()
  return utf8(bytes)
}

/** Text of another encoding would be stored with its characters lost. */
function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes)
  } catch (error) {
    throw new SkeinError("bad_request", "the body must be UTF-8: a page or a program in GBK has to convert it first", {
      cause: error,
    })
  }
}
