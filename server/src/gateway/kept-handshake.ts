import type { Handshake } from "./protocol.ts"

/** What sessions read of a handshake, copied out: a Headers object of Bun keeps the whole request alive. */
const KEPT_HEADERS = [
  "cookie",
  "authorization",
  "x-api-key",
  "origin",
  "host",
  "user-agent",
  "accept-language",
  "x-forwarded-for",
  "x-forwarded-proto",
]

interface Parsed {
  readonly of: KeptHandshake
  readonly url: URL
  readonly headers: Headers
}

/** Of the handshake last read: a new session reads its own several times in a row, and later never again. */
let lastParsed: Parsed | undefined

/**
 * The handshake of a connection, kept for as long as the connection lives: as text, because a URL and a Headers object
 * cost almost a kilobyte (Bun 1.4.4), which would double what an idle connection costs.
 */
export class KeptHandshake implements Handshake {
  readonly address: string
  readonly loopback: boolean
  readonly secure: boolean
  readonly transport: string
  /** The address, then a line for each header. */
  readonly #text: string

  constructor({ address, loopback, secure, url, headers, transport }: Handshake) {
    this.address = address
    this.loopback = loopback
    this.secure = secure
    this.transport = transport
    const lines = KEPT_HEADERS.flatMap((name) => {
      const value = headers.get(name)
      return value === null ? [] : [`${name}:${value}`]
    })
    this.#text = [url.href, ...lines].join("\n")
  }

  get url(): URL {
    return this.#parsed.url
  }

  get headers(): Headers {
    return this.#parsed.headers
  }

  get #parsed(): Parsed {
    if (lastParsed?.of !== this) lastParsed = { of: this, ...parse(this.#text) }
    return lastParsed
  }
}

function parse(text: string): Omit<Parsed, "of"> {
  const [href = "", ...lines] = text.split("\n")
  const headers = new Headers()
  for (const line of lines) {
    const colon = line.indexOf(":")
    headers.set(line.slice(0, colon), line.slice(colon + 1))
  }
  return { url: new URL(href), headers }
}
