import { type Context, Hono } from "hono"
import { SkeinError, toSkeinError } from "../../../core/errors.ts"
import { rawMember } from "../codec/raw-json.ts"
import { readBody, textOf } from "../http/body.ts"
import type { CentrifugeParts } from "../options.ts"
import { errorBody } from "./errors.ts"
import { batch, methodOf } from "./methods.ts"
import type { ApiParams } from "./params.ts"
import { publish } from "./publish.ts"

const JSON_HEADERS = { "Content-Type": "application/json" }
const json = (text: string, status = 200): Response => new Response(text, { status, headers: JSON_HEADERS })

/** The server API of Centrifugo, for back ends that hold an API key. */
export function apiRoutes(parts: CentrifugeParts): Hono {
  const routes = new Hono()

  routes.post("/api/:method", async (context) => {
    if (!isAllowed(context, parts)) return refused()
    const name = context.req.param("method")
    const method = methodOf(name)
    if (method === undefined && name !== "batch") return context.text(`no method "${name.slice(0, 64)}"\n`, 404)
    const params = await readParams(context.req.raw, parts.config.maxBodyBytes)
    if (params instanceof Response) return params
    try {
      if (method === undefined) return json(await batch(parts, params))
      return json(`{"result":${await method(parts, params)}}`)
    } catch (error) {
      return failed(context, parts, error)
    }
  })

  routes.on("POST", ["/api", "/api/"], async (context) => {
    if (!isAllowed(context, parts)) return refused()
    const body = await readText(context.req.raw, parts.config.maxBodyBytes)
    if (body instanceof Response) return body
    const commands = legacyCommands(body)
    if (commands === undefined) return malformed()
    const replies: string[] = []
    for (const command of commands) replies.push(await legacy(parts, command))
    return json(replies.join("\n"))
  })

  for (const path of ["/api", "/api/:method"])
    routes.all(path, (context) => context.text("the server API takes POST only\n", 405, { Allow: "POST" }))
  return routes
}

/**
 * `POST /api/publish` past the router, for what back ends call a thousand times a second (a third of the cost of a call).
 * Undefined: something about the request is unusual, and the route of the same name answers it.
 */
export function publishShortcut(parts: CentrifugeParts): (request: Request) => Promise<Response> | undefined {
  const { apiKeyMatches, config, log } = parts
  const answer = async (request: Request): Promise<Response> => {
    const params = await readParams(request, config.maxBodyBytes)
    if (params instanceof Response) return params
    try {
      return json(`{"result":${await publish(parts, params)}}`)
    } catch (error) {
      return json(`{"error":${errorBody(error, log)}}`)
    }
  }
  return (request) => {
    if (request.method !== "POST" || !request.url.endsWith("/api/publish")) return undefined
    const key = request.headers.get("x-api-key")
    if (key === null || !apiKeyMatches(key) || request.headers.has("x-centrifugo-error-mode")) return undefined
    return answer(request)
  }
}

function isAllowed({ req }: Context, { apiKeyMatches }: CentrifugeParts): boolean {
  // The header Authorization may be there for somebody else, such as a proxy on the way.
  const keys = [req.header("x-api-key"), authorizedKey(req.header("authorization")), req.query("api_key")]
  return keys.some((key) => key !== undefined && apiKeyMatches(key))
}

/** `Authorization: apikey K`, as Centrifugo has it; `Bearer K`, as HTTP libraries write it. */
const authorizedKey = (header: string | undefined): string | undefined =>
  /^(?:apikey|bearer)\s+(\S+)$/i.exec(header ?? "")?.[1]

const refused = (): Response =>
  json('{"code":401,"message":"expected a valid API key in X-API-Key, Authorization: apikey …, or ?api_key="}', 401)

const malformed = (): Response => json('{"code":400,"message":"expected a JSON object as body"}', 400)

async function readText(request: Request, maxBytes: number): Promise<string | Response> {
  const said = Number(request.headers.get("content-length") ?? Number.NaN)
  // The usual case, and twice as fast. Bytes that are no UTF-8 become U+FFFD, in strings only: elsewhere it is no JSON.
  if (said <= maxBytes) return request.text()
  const body = await readBody(request, maxBytes)
  if (body === undefined) return json(`{"code":413,"message":"a request may have ${maxBytes} bytes"}`, 413)
  return textOf(body) ?? malformed()
}

async function readParams(request: Request, maxBytes: number): Promise<ApiParams | Response> {
  const text = await readText(request, maxBytes)
  if (text instanceof Response) return text
  // `info` and friends are called with nothing at all.
  const values = text.trim() === "" ? {} : parse(text)
  return isObjectLike(values) ? { values, text } : malformed()
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** PHP's empty array is an object, too. */
const isObjectLike = (value: unknown): value is object =>
  typeof value === "object" && value !== null && (!Array.isArray(value) || value.length === 0)

function failed(context: Context, { log }: CentrifugeParts, error: unknown): Response {
  const body = errorBody(error, log)
  if (context.req.header("x-centrifugo-error-mode") !== "transport") return json(`{"error":${body}}`)
  return json(body, toSkeinError(error).httpStatus)
}

interface LegacyCommand {
  readonly method: string
  readonly params: ApiParams
}

/** One object, or several on a line each. */
function legacyCommands(body: string): LegacyCommand[] | undefined {
  const texts = isObjectLike(parse(body)) ? [body] : body.split("\n").filter((line) => line.trim() !== "")
  const commands: LegacyCommand[] = []
  for (const text of texts) {
    const values = parse(text) as { method?: unknown; params?: unknown } | undefined
    if (!isObjectLike(values) || typeof values.method !== "string") return undefined
    commands.push({ method: values.method, params: { values: values.params, text: rawMember(text, "params") ?? "{}" } })
  }
  return commands.length === 0 ? undefined : commands
}

async function legacy(parts: CentrifugeParts, { method: name, params }: LegacyCommand): Promise<string> {
  try {
    const method = methodOf(name)
    if (method === undefined) throw new SkeinError("method_not_found", `no method "${name.slice(0, 64)}"`)
    return `{"result":${await method(parts, params)}}`
  } catch (error) {
    return `{"error":${errorBody(error, parts.log)}}`
  }
}
