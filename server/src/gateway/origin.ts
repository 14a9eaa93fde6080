import { isIP } from "node:net"

/**
 * Which web pages may talk to us (cross-site WebSocket hijacking, CWE-1385): Bun checks nothing by itself.
 *
 * Requests without an Origin header do not come from a page and pass: what they may do is decided by their identity.
 */
export class OriginPolicy {
  readonly #patterns: RegExp[]
  readonly #any: boolean
  readonly #isThisMachineOnly: boolean

  /**
   * @param allowed - origins like `https://shop.example`, with `*` for one label or port; `*` alone allows all
   * @param options.isThisMachineOnly - the server is reached from this machine alone. A page that names it by another
   * host was loaded from elsewhere and had that name point here afterwards (DNS rebinding): it is refused
   */
  constructor(allowed: readonly string[], options: { readonly isThisMachineOnly?: boolean } = {}) {
    this.#any = allowed.includes("*")
    this.#isThisMachineOnly = options.isThisMachineOnly ?? false
    this.#patterns = allowed.filter((origin) => origin !== "*").map(toPattern)
  }

  allows(headers: Headers): boolean {
    const origin = headers.get("origin")
    if (origin === null) return true
    if (this.#any || this.#patterns.some((p) => p.test(origin))) return true
    return isSameOrigin(origin, headers.get("host")) && this.isOurName(headers)
  }

  /** Whether the `Host` of a request can mean us. Pages send no Origin when they read from their own host. */
  isOurName(headers: Headers): boolean {
    const host = headers.get("host") ?? ""
    if (!this.#isThisMachineOnly || this.#any || isNameOfAnyMachine(host)) return true
    return this.#patterns.some((p) => p.test(`http://${host}`) || p.test(`https://${host}`))
  }

  /** The headers that let a page read the answer, none for requests that come from no page. Undefined: refused. */
  cors(headers: Headers): Record<string, string> | undefined {
    if (!this.allows(headers)) return undefined
    const origin = headers.get("origin")
    if (origin === null) return this.isOurName(headers) ? {} : undefined
    const asked = headers.get("access-control-request-headers")
    return {
      "Access-Control-Allow-Origin": origin,
      "Access-Control-Allow-Credentials": "true",
      Vary: "Origin",
      ...(asked === null ? {} : { "Access-Control-Allow-Headers": asked }),
    }
  }
}

/** DNS cannot make these mean another machine: an address needs no DNS, and `localhost` is always the machine that asks. */
function isNameOfAnyMachine(host: string): boolean {
  const name = host.replace(/:\d+$/, "").toLowerCase()
  return isIP(name.replace(/^\[(.*)\]$/, "$1")) !== 0 || name === "localhost" || name.endsWith(".localhost")
}

/** What to do about a refused page. Its developer sees nothing of a refused WebSocket: the log has to say it. */
export function originAdvice(origin: string | null): string {
  return origin === "null"
    ? "a page that was opened as a file has no origin and may not connect: let a web server serve it (php -S 127.0.0.1:8000)"
    : `pages of ${origin} may not connect here: add the origin to server.origins`
}

/** The scheme is left out: behind a proxy that ends TLS we only see plain HTTP. */
function isSameOrigin(origin: string, host: string | null): boolean {
  return host !== null && origin.replace(/^https?:\/\//, "").toLowerCase() === host.toLowerCase()
}

function toPattern(origin: string): RegExp {
  const escaped = origin.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", "[^./:]+")
  return new RegExp(`^${escaped}$`, "i")
}
