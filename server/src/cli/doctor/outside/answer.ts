import { type Finding, problem } from "../finding.ts"
import type { Answer } from "./exchange.ts"

/** Text of another server, made safe for a terminal: one line, no control characters, cut to a length. */
export function quote(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\s]+/gu, " ").trim()
  return JSON.stringify(line.length > 120 ? `${line.slice(0, 119)}…` : line)
}

/** Who answered, as far as it says. */
export const serverOf = ({ headers }: Answer): string => headers.get("server") ?? headers.get("via") ?? ""

/** `nginx` and `Apache` have their own words for the same fix. */
export function inWordsOf(answer: Answer, words: { nginx: string; apache: string; other: string }): string {
  const server = serverOf(answer).toLowerCase()
  if (server.includes("nginx") || server.includes("openresty") || server.includes("tengine")) return words.nginx
  return server.includes("apache") ? words.apache : words.other
}

/** What a status means that is no answer of Skein's, whatever was asked; undefined: nothing general. */
export function explainStatus(about: string, url: URL, answer: Answer): Finding | undefined {
  const { status, headers, body } = answer
  const who = serverOf(answer) === "" ? "the front" : serverOf(answer)
  if (status === 502 || status === 503 || status === 504)
    return problem(about, `${who} answered ${status}: ${quote(body)}`, {
      cause: body.includes("this server")
        ? "the server itself turns connections away"
        : "the proxy is there, the server behind it does not answer it",
      fix: "look whether the server runs and listens where the proxy looks for it (nginx: the address after proxy_pass or in upstream; HAProxy: the server lines, and whether their check passes): run skein doctor on its machine",
    })
  if (status >= 300 && status < 400)
    return problem(about, `${who} redirects ${url.pathname} to ${quote(headers.get("location") ?? "")}`, {
      cause: "WebSocket clients follow no redirects",
      fix:
        headers.get("location")?.startsWith("https:") && url.protocol === "http:"
          ? "use wss:// in the client"
          : "use the address it redirects to, or exempt this path from the redirect",
    })
  if (status === 400 && /plain HTTP request was sent to HTTPS/i.test(body))
    return problem(about, "the port is one for TLS", {
      cause: "the address begins with ws:// or http://",
      fix: "use wss://",
    })
  if (status === 401 || status === 407)
    return problem(about, `${who} wants a password (${status})`, {
      cause: "the site is protected by HTTP authentication, which WebSockets of browsers cannot give",
      fix: "exempt Skein's paths from it (nginx: auth_basic off; in their location)",
    })
  return undefined
}
