import { Hono } from "hono"
import type { Clock } from "../../core/clock.ts"
import type { Identity } from "../../core/connection.ts"
import { SkeinError } from "../../core/errors.ts"
import type { Logger } from "../../core/logger.ts"
import type { ChatConfig } from "../config.ts"
import { type SessionAnswer, signInSchema } from "../contract.ts"
import { KeyedRates } from "../rates.ts"
import { clearedCookie, cookieOf, SESSION_COOKIE } from "../session/cookie.ts"
import type { Login, Logins } from "../session/logins.ts"
import type { GuestMerging } from "../session/merging.ts"
import { toUser } from "../wire.ts"
import { jsonBody } from "./bodies.ts"
import { crossOrigin, ensureOrigin } from "./cross-origin.ts"
import { refusalResponse } from "./refusals.ts"

const MAX_BODY_BYTES = 8 * 1024
// Per address, and a whole office or school may stand behind one: guests are bounded (`chat.guests_per_minute`) because
// they cost a row and a name, the rest because it costs a look into the database.
const LOGIN_RATE = { perSecond: 20, burst: 500 }
const READ_RATE = { perSecond: 50, burst: 500 }

/** What the session routes have to know of a request, from the gateway. */
export interface SessionRequests {
  /** Whether a page of this request's Origin may change things here. No Origin header: no page, allowed. */
  originAllowed(request: Request): boolean
  /** Headers that let such a page read the answer, none for other pages. */
  cors(request: Request): Readonly<Record<string, string>>
  /** What rates are counted by: the true client address, or the network that one visitor has to himself. */
  address(request: Request): string
  /** The client speaks https, to us or to a trusted proxy. */
  isSecure(request: Request): boolean
  guestsAllowed(request: Request): boolean
}

/** Whom the site says a request is, by a session of its own. Undefined: nobody, or the site is not asked. */
export type SiteIdentity = (request: Request) => Promise<Identity | undefined>

export interface SessionRoutesParts {
  readonly logins: Logins
  readonly merging: GuestMerging
  /** Absent: only our own cookie counts. */
  readonly siteIdentity?: SiteIdentity
  readonly requests: SessionRequests
  readonly clock: Clock
  readonly log: Logger
  readonly config: Pick<ChatConfig, "guestRate">
}

/** `GET`, `POST` and `DELETE /chat/session`, as contract.ts says. */
export function sessionRoutes(parts: SessionRoutesParts): Hono {
  const { logins, merging, siteIdentity, requests, clock, log, config } = parts
  const rates = new KeyedRates(clock)
  const app = new Hono()
  app.onError((error) => refusalResponse(error, log))
  app.use("/chat/*", crossOrigin(requests))

  const answer = async (request: Request, login: Login | undefined, cookie?: string): Promise<Response> => {
    const guests = requests.guestsAllowed(request)
    const body: SessionAnswer = login
      ? { user: toUser(login.user), ...(await logins.connectionToken(login)), guests }
      : { user: null, guests }
    const headers: Record<string, string> = { "cache-control": "no-store" }
    if (cookie !== undefined) headers["set-cookie"] = cookie
    return Response.json(body, { headers })
  }

  app.get("/chat/session", async ({ req: { raw } }) => {
    rates.ensure(`read ${requests.address(raw)}`, READ_RATE, { what: "requests" })
    const identity = await siteIdentity?.(raw)
    if (!identity) return answer(raw, await logins.read(cookieOf(raw.headers, SESSION_COOKIE)))
    const login = await logins.ofSite(identity)
    // Whoever signed in at the site is no longer the guest of our own cookie.
    const isMerged = await merging.welcome(raw.headers, identity)
    return answer(raw, login, isMerged ? clearedCookie(requests.isSecure(raw)) : undefined)
  })

  app.post("/chat/session", async ({ req: { raw } }) => {
    ensureOrigin(requests, raw)
    rates.ensure(`login ${requests.address(raw)}`, LOGIN_RATE, { what: "sign-ins from this address" })
    const body = signInSchema.safeParse(await jsonBody(raw, MAX_BODY_BYTES))
    if (!body.success) throw new SkeinError("bad_request", 'expected {"name": "…"} or {"token": "<the site\'s JWT>"}')
    const before = await logins.read(cookieOf(raw.headers, SESSION_COOKIE))
    const login =
      "token" in body.data ? await logins.siteUser(body.data.token) : await asGuest(raw, body.data.name, before)
    const isMerged = "token" in body.data && before?.user.guest === true && (await merging.into(login.user, before))
    // Somebody else's login ends with the new one: nothing of the one before may stay.
    if (!isMerged && before && before.userId !== login.userId) await logins.end(before)
    return answer(raw, login, await logins.cookie(login, requests.isSecure(raw)))
  })

  app.delete("/chat/session", async ({ req: { raw } }) => {
    ensureOrigin(requests, raw)
    const login = await logins.read(cookieOf(raw.headers, SESSION_COOKIE))
    if (login) await logins.end(login)
    return answer(raw, undefined, clearedCookie(requests.isSecure(raw)))
  })

  const asGuest = (request: Request, name: string, before: Login | undefined): Promise<Login> => {
    if (!requests.guestsAllowed(request))
      throw new SkeinError("permission_denied", "this server does not accept guests: sign in through the site")
    const counted = { what: "new guests from this address", setting: "chat.guests_per_minute" } as const
    rates.ensure(`guest ${requests.address(request)}`, config.guestRate, counted)
    return logins.guest(name, before)
  }
  return app
}
