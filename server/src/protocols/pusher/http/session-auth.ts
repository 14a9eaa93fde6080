import { type Context, Hono } from "hono"
import type { Identity } from "../../../core/connection.ts"
import type { Handshake, StreamGateway } from "../../../gateway/protocol.ts"
import type { App } from "../apps.ts"
import { channelNameProblem, kindOf } from "../channel-kinds.ts"
import { parseObject } from "../json.ts"
import type { AppKey, AppSessions, PusherParts } from "../options.ts"
import { Refusal } from "../refusal.ts"
import type { Shared } from "../shared.ts"
import { channelSigningText, sign, userSigningText } from "../signatures.ts"
import { parseSocketId } from "../socket-id.ts"
import { readBody } from "./body.ts"
import { refused } from "./refused.ts"

/** Socket id, channel name, and what pages add with `params`. */
const MAX_BODY_BYTES = 8_192
/** A signature is used at once. It must not outlive the time in which a login that has just ended is still closed for. */
const SIGNED_FOR_MS = 9_000

interface Asked {
  readonly app: App
  readonly key: AppKey
  readonly sessions: AppSessions
  readonly user: Identity
  readonly form: URLSearchParams
}

/**
 * The endpoints that pusher-js and Echo ask for signatures (`userAuthentication`, `channelAuthorization`), for apps
 * whose users are known by the login session of their site: the browser's cookie says who it is, nobody writes PHP.
 *
 * Who is signed in opens the channels that are his own by name, and those the configuration opens for users. What is
 * signed names the login too, so that the connection ends with it.
 */
export function sessionAuthRoutes(parts: PusherParts, shared: Shared, gateway: Pick<StreamGateway, "handshake">): Hono {
  const routes = new Hono()
  const base = `${parts.config.pathPrefix}/pusher`
  const on = (path: string, answer: (asked: Asked, parts: PusherParts) => object) => {
    routes.options(path, ({ req: { raw } }) => preflight(parts, raw))
    routes.post(path, (context) => respond(parts, shared, gateway, context, answer))
  }
  on(`${base}/user-auth`, signUser)
  on(`${base}/auth`, signChannel)
  return routes
}

async function respond(
  parts: PusherParts,
  shared: Shared,
  gateway: Pick<StreamGateway, "handshake">,
  context: Context,
  answer: (asked: Asked, parts: PusherParts) => object,
): Promise<Response> {
  const { raw } = context.req
  let headers: Record<string, string> = {}
  try {
    const { app, key, sessions } = chosenApp(parts, new URL(raw.url))
    headers = ensureOrigin(sessions, raw)
    const form = await readForm(raw)
    const user = await ensureUser(app, sessions, gateway.handshake(raw, "http"))
    return Response.json(answer({ app, key, sessions, user, form }, parts), { headers })
  } catch (error) {
    const response = refused(parts, shared, context, error)
    for (const [name, value] of Object.entries(headers)) response.headers.set(name, value)
    return response
  }
}

/** Which app the request is for. These clients do not say it, so the address of the endpoint does: `/pusher/auth?key=…`. */
function chosenApp({ apps, sessions }: PusherParts, { searchParams }: URL) {
  const name = searchParams.get("key")
  const candidates = apps.all.filter(({ id }) => sessions.has(id))
  const app = name === null ? candidates[0] : apps.byKey(name)
  const known = app && sessions.get(app.id)
  if (!app || !known)
    throw new Refusal(
      404,
      "No app of this server knows its users by the sessions of a site: see site in [[pusher_apps]]",
    )
  if (name === null && candidates.length > 1)
    throw new Refusal(400, "Several apps know their users by sessions: add ?key= and the app's key to this address")
  if (!app.options.enabled) throw new Refusal(403, `App ${app.id} is disabled`)
  const key = name === null ? app.options.keys[0] : app.keyNamed(name)
  if (!key) throw new Refusal(404, "The app has no such key")
  return { app, key, sessions: known }
}

/** @throws Refusal @returns what lets the page read the answer */
function ensureOrigin({ allowsOrigin }: AppSessions, { headers }: Request): Record<string, string> {
  const origin = headers.get("origin")
  const common = { "Cache-Control": "no-store", Vary: "Origin" }
  if (!allowsOrigin(headers))
    throw new Refusal(
      403,
      `Pages of ${JSON.stringify(origin?.slice(0, 200))} may not sign in here: add it to server.origins, or to origins of the app`,
      { wrong: "origin" },
    )
  if (origin === null) return common
  return { ...common, "Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true" }
}

function preflight(parts: PusherParts, request: Request): Response {
  try {
    const headers = ensureOrigin(chosenApp(parts, new URL(request.url)).sessions, request)
    const asked = request.headers.get("access-control-request-headers")
    return new Response(null, {
      status: 204,
      headers: { ...headers, ...(asked === null ? {} : { "Access-Control-Allow-Headers": asked }) },
    })
  } catch (error) {
    if (error instanceof Refusal) return new Response(error.message, { status: error.status })
    throw error
  }
}

async function readForm(request: Request): Promise<URLSearchParams> {
  const body = await readBody(request, MAX_BODY_BYTES)
  if (!body) throw new Refusal(413, `The body of a request may have ${MAX_BODY_BYTES} bytes`)
  const form = new URLSearchParams(Buffer.from(body).toString("utf8"))
  if (parseSocketId(form.get("socket_id") ?? "")) return form
  throw new Refusal(400, "Expected a form with the socket_id of the connection")
}

async function ensureUser({ options }: App, { identity }: AppSessions, handshake: Handshake): Promise<Identity> {
  const user = await identity.identify(handshake)
  if (!user || user.userId === "")
    throw new Refusal(403, "Nobody is signed in at the site, as far as the cookies of this request say")
  if (user.userId.length > options.limits.maxUserIdLength)
    throw new Refusal(403, `The id of a user may have ${options.limits.maxUserIdLength} characters`)
  return user
}

function signUser(asked: Asked, parts: PusherParts): object {
  const { app, key, user, form } = asked
  const data = { id: user.userId, ...infoOf(app, user), ...loginOf(asked, parts) }
  const userData = JSON.stringify(data)
  const text = userSigningText(form.get("socket_id") ?? "", userData)
  return { auth: `${key.key}:${sign(key.secret, text)}`, user_data: userData }
}

function signChannel(asked: Asked, parts: PusherParts): object {
  const { app, key, user, form } = asked
  const channel = form.get("channel_name") ?? ""
  ensureMayEnter(asked, parts, channel)
  const info = kindOf(channel).access === "presence" ? infoOf(app, user) : {}
  const channelData = JSON.stringify({ user_id: user.userId, ...info, ...loginOf(asked, parts) })
  const text = channelSigningText(form.get("socket_id") ?? "", channel, channelData)
  return { auth: `${key.key}:${sign(key.secret, text)}`, channel_data: channelData }
}

/** @throws Refusal */
function ensureMayEnter({ app, sessions, user }: Asked, { channels }: PusherParts, channel: string): void {
  const { channelNames, limits } = app.options
  const problem = channelNameProblem(channel, channelNames, limits.maxChannelLength)
  if (problem !== undefined) throw new Refusal(400, problem)
  const { access, encrypted } = kindOf(channel)
  if (access !== "private" && access !== "presence")
    throw new Refusal(400, `${channel} needs no signature: only private and presence channels do`)
  if (encrypted) throw new Refusal(403, "Only the app's back end has the keys of end-to-end encrypted channels")
  if (sessions.ownChannels.some((name) => name.split("{user}").join(user.userId) === channel)) return
  const { subscribe } = channels.ruleOf(app.toCore(channel))
  if (subscribe === "user" || subscribe === "anyone") return
  throw new Refusal(
    403,
    `${channel} is not open to user ${user.userId}: it is not among own_channels of the app, and its rule in [[channels]] does not say subscribe = "user"`,
  )
}

/** Name and picture, left out as far as they are longer than a member's `user_info` may be. */
function infoOf({ options }: App, { info }: Identity): { user_info?: Readonly<Record<string, unknown>> } {
  const { name, avatar } = parseObject(info ?? "") ?? {}
  const fits = (candidate: object) =>
    Buffer.byteLength(JSON.stringify(candidate)) <= options.limits.maxPresenceMemberBytes
  const candidates = [
    { ...(name === undefined ? {} : { name }), ...(avatar === undefined ? {} : { avatar }) },
    { name },
  ]
  const user_info = candidates.find((candidate) => Object.keys(candidate).length > 0 && fits(candidate))
  return user_info === undefined ? {} : { user_info }
}

function loginOf({ user }: Asked, { clock }: PusherParts): object {
  if (user.sessionId === undefined) return {}
  return { skein_session: user.sessionId, skein_until: clock.nowMs() + SIGNED_FOR_MS }
}
