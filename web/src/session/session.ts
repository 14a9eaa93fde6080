import type { SessionAnswer } from "../contract.ts"
import { address, decoded } from "./addresses.ts"
import { ChatError, toChatError } from "./errors.ts"

async function ask(method: "GET" | "POST" | "DELETE", body?: object): Promise<SessionAnswer> {
  const request: RequestInit = { method, credentials: "same-origin", headers: { accept: "application/json" } }
  if (body) {
    request.body = JSON.stringify(body)
    request.headers = { ...request.headers, "content-type": "application/json" }
  }
  const response = await fetch(address("chat/session"), request).catch((error: unknown) => {
    throw new ChatError(0, `The server could not be reached: ${String(error)}`)
  })
  const answer: unknown = await response.json().catch(() => null)
  if (!response.ok) throw toChatError(answer, response.status)
  return (answer ?? { user: null, guests: false }) as SessionAnswer
}

/** Who is signed in in this browser. All four reject with a ChatError: the server's refusal, or code 0 without an answer. */
export const readSession = (): Promise<SessionAnswer> => ask("GET")
/** Signs in as a guest of this name, or renames the guest of this browser. */
export const enterAsGuest = (name: string): Promise<SessionAnswer> => ask("POST", { name })
/** Signs in as the user of a token of the site (JWT). */
export const enterWithToken = (token: string): Promise<SessionAnswer> => ask("POST", { token })
/** Signs out: the server ends the login and closes its connections. */
export const leaveSession = (): Promise<SessionAnswer> => ask("DELETE")

const tokenInAddress = (): string | undefined => /^#(?:.*&)?token=([^&]+)/.exec(location.hash)?.[1]

/** Takes a site's token out of `#token=…`, and out of the address before anything else can see it there. */
export function takeTokenFromAddress(): string | undefined {
  const token = tokenInAddress()
  if (token === undefined) return undefined
  history.replaceState(null, "", location.pathname + location.search)
  return decoded(token)
}

/** A link with a token followed on a page that is open already: the page begins again as that person's. */
export function followTokens(): void {
  addEventListener("hashchange", () => {
    if (tokenInAddress() !== undefined) location.reload()
  })
}
