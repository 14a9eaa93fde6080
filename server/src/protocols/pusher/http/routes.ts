import { type Context, Hono } from "hono"
import type { PusherParts } from "../options.ts"
import { Refusal } from "../refusal.ts"
import type { Shared } from "../shared.ts"
import { readBody } from "./body.ts"
import { bodyFields, readBatch, readEvent, withQuery } from "./event-request.ts"
import { eventInfo, publishEvent } from "./publishing.ts"
import { describeChannel, listChannels, listUsers, readHistory } from "./reading.ts"
import { refused } from "./refused.ts"
import { ensureSignedRequest, type SignedRequest } from "./signed-request.ts"

/** An answer's body: Pusher's SDKs take nothing but 200 with a JSON object for success. */
type Answer = object

type Action = (request: SignedRequest, param: (name: string) => string) => Answer | Promise<Answer>

/** The HTTP API of apps' back ends. Errors are a sentence of plain text: SDKs show the body to developers. */
export function httpRoutes(parts: PusherParts, shared: Shared): Hono {
  const routes = new Hono()
  const base = `${parts.config.pathPrefix}/apps/:app`
  const on = (method: string, path: string, action: Action, status: 200 | 202 = 200) =>
    routes.on(method, `${base}${path}`, (context) => answer(parts, shared, context, action, status))

  on("POST", "/events", async ({ app, query, body }) => {
    const event = readEvent(app, withQuery(body.byteLength === 0 ? {} : bodyFields(body), query))
    await publishEvent(parts, shared, app, event)
    return event.info.length === 0 ? {} : { channels: eventInfo(parts, app, event) }
  })
  on("POST", "/batch_events", async ({ app, body }) => {
    const events = readBatch(app, bodyFields(body))
    await Promise.all(events.map((event) => publishEvent(parts, shared, app, event)))
    if (events.every(({ info }) => info.length === 0)) return {}
    return { batch: events.map((event) => Object.values(eventInfo(parts, app, event))[0] ?? {}) }
  })
  on("GET", "/channels", ({ app, query }) => listChannels(parts, app, query))
  on("GET", "/channels/:channel", ({ app, query }, param) => describeChannel(parts, app, param("channel"), query))
  on("GET", "/channels/:channel/users", ({ app }, param) => listUsers(parts, app, param("channel")))
  on("GET", "/channels/:channel/history", ({ app, query }, param) => readHistory(parts, app, param("channel"), query))
  // Ids of users may have slashes.
  on("POST", "/users/:user{.+}/terminate_connections", ({ app }, param) => {
    shared.users.terminate(app, param("user"))
    return {}
  })

  // Deprecated at Pusher, kept for old clients: the body is the data.
  on(
    "POST",
    "/channels/:channel/events",
    async ({ app, query, body }, param) => {
      const data = Buffer.from(body).toString("utf8")
      const fields = { name: query.get("name"), data, channel: param("channel"), socket_id: query.get("socket_id") }
      await publishEvent(parts, shared, app, readEvent(app, fields))
      return {}
    },
    202,
  )
  on("GET", "/channels/:channel/stats", ({ app, query }, param) => {
    const channel = param("channel")
    const info = channel.startsWith("presence-") ? "user_count" : ""
    return describeChannel(parts, app, channel, new Map([...query, ["info", info]]))
  })
  return routes
}

async function answer(
  parts: PusherParts,
  shared: Shared,
  context: Context,
  action: Action,
  status: 200 | 202,
): Promise<Response> {
  try {
    const request = await signedRequest(parts, context)
    return context.json(await action(request, (name) => context.req.param(name) ?? ""), status)
  } catch (error) {
    return refused(parts, shared, context, error)
  }
}

/** @throws Refusal */
async function signedRequest({ apps, clock, config }: PusherParts, context: Context): Promise<SignedRequest> {
  const body = await readBody(context.req.raw, config.maxBodyBytes)
  if (body === undefined)
    throw new Refusal(413, `The body of a request may have ${config.maxBodyBytes} bytes (limits.max_request_bytes)`)
  const { path, search } = splitUrl(context.req.url)
  const request = { method: context.req.method, path: path.slice(config.pathPrefix.length), search, body }
  const appId = context.req.param("app") ?? ""
  return ensureSignedRequest(apps, appId, request, clock.nowMs(), config.clockToleranceMs)
}

/** Path and query as they came: a URL object would change escapes that are part of what was signed. */
function splitUrl(url: string): { readonly path: string; readonly search: string } {
  const start = url.indexOf("/", url.indexOf("://") + 3)
  const query = url.indexOf("?", start)
  return query < 0
    ? { path: url.slice(start), search: "" }
    : { path: url.slice(start, query), search: url.slice(query + 1) }
}
