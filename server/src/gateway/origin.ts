/**
 * Which web pages may talk to us (cross-site WebSocket hijacking, CWE-1385): Bun checks nothing by itself.
 *
 * Requests without an Origin header do not come from a page and pass: what they may do is decided by their identity.
 */
export class OriginPolicy {
  readonly #patterns: RegExp[]
  readonly #any: boolean

  /** @param allowed - origins like `https://shop.example`, with `*` for one label or port; `*` alone allows all */
  constructor(allowed: readonly string[]) {
    this.#any = allowed.includes("*")
    this.#patterns = allowed.filter((origin) => origin !== "*").map(toPattern)
  }

  allows(headers: Headers): boolean {
    const origin = headers.get("origin")
    if (origin === null) return true
    return this.#any || isSameOrigin(origin, headers.get("host")) || this.#patterns.some((p) => p.test(origin))
  }
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
