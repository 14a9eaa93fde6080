import type { SessionAnswer } from "../contract.ts"
import { address } from "./addresses.ts"
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

export const readSession = (): Promise<SessionAnswer> => ask("GET")
export const enterAsGuest = (name: string): Promise<SessionAnswer> => ask("POST", { name })
export const enterWithToken = (token: string): Promise<SessionAnswer> => ask("POST", { token })
export const leaveSession = (): Promise<SessionAnswer> => ask("DELETE")

/** Takes a site's token out of `#token=…`, and out of the address before anything else can see it there. */
export function takeTokenFromAddress(): string | undefined {
  const match = /^#(?:.*&)?token=([^&]+)/.exec(location.hash)
  if (!match?.[1]) return undefined
  history.replaceState(null, "", location.pathname + location.search)
  return decodeURIComponent(match[1])
}
