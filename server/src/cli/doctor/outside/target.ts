import { CliError, EXIT } from "../../exit.ts"

export type Language = "centrifuge" | "plain" | "pusher"

/** One reading of the address somebody gave. */
export interface Target {
  /** The WebSocket, with the scheme http or https. */
  readonly socket: URL
  readonly language: Language
  /** Where Skein's own paths begin, with a slash at the end; undefined: only the one WebSocket is known. */
  readonly base: URL | undefined
}

/** Endings of addresses, and what is spoken there. The part before is where Skein's paths begin. */
const ENDINGS: readonly { readonly pattern: RegExp; readonly language: Language }[] = [
  { pattern: /connection\/websocket$/, language: "centrifuge" },
  { pattern: /app\/[^/]+$/, language: "pusher" },
  { pattern: /ws$/, language: "plain" },
]

/**
 * What an address can mean, likeliest first: `wss://shop.example/skein` is a prefix, or a bare WebSocket at that path.
 *
 * @throws CliError `usage`
 */
export function readTarget(text: string): readonly [Target, ...Target[]] {
  const url = parse(text)
  const { pathname } = url
  for (const { pattern, language } of ENDINGS) {
    const start = pathname.search(pattern)
    if (start > 0 && pathname[start - 1] === "/")
      return [{ socket: spokenTo(url, language), language, base: at(url, pathname.slice(0, start)) }]
  }
  const prefix = prefixed(url, pathname.endsWith("/") ? pathname : `${pathname}/`)
  return pathname.endsWith("/") ? [prefix] : [prefix, { socket: url, language: "plain", base: undefined }]
}

function prefixed(url: URL, path: string): Target {
  return { socket: at(url, `${path}connection/websocket`), language: "centrifuge", base: at(url, path) }
}

function spokenTo(url: URL, language: Language): URL {
  return language === "pusher" ? withVersion(url) : new URL(url)
}

/** Pusher's clients say in the address which version they speak. */
export function withVersion(app: URL): URL {
  const socket = new URL(app)
  socket.search = "?protocol=7&client=skein-doctor"
  return socket
}

function parse(text: string): URL {
  const withScheme = /^[a-z]+:\/\//i.test(text) ? text : `wss://${text}`
  const url = URL.parse(withScheme.replace(/^ws(?=s?:)/i, "http"))
  if (!url || !/^https?:$/.test(url.protocol) || url.hostname === "")
    throw new CliError(
      EXIT.usage,
      `skein doctor needs an address like wss://shop.example/, got ${JSON.stringify(text)}`,
    )
  if (url.username !== "" || url.password !== "")
    throw new CliError(EXIT.usage, "skein doctor takes no user name and password in the address")
  url.hash = ""
  url.search = ""
  return url
}

function at(url: URL, path: string): URL {
  const other = new URL(url)
  other.pathname = path
  other.search = ""
  return other
}
