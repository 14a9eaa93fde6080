import { type Finding, ok, warning } from "../finding.ts"

/** If the first bytes take longer, a proxy is holding them back. */
const FIRST_WORD_DEADLINE_MS = 3_000

/**
 * Whether a response arrives while it goes on: what clients use where a network lets no WebSocket through.
 * Nothing is said where the server has no such transport.
 */
export async function checkStream(base: URL, origin: string, token: string | undefined): Promise<Finding[]> {
  const stop = new AbortController()
  const deadline = setTimeout(() => stop.abort(), FIRST_WORD_DEADLINE_MS)
  try {
    const response = await fetch(new URL("connection/http_stream", base), {
      method: "POST",
      headers: { Origin: origin, "Content-Type": "application/json" },
      body: JSON.stringify({ id: 1, connect: token === undefined ? {} : { token } }),
      redirect: "manual",
      signal: stop.signal,
      tls: { rejectUnauthorized: false },
    })
    if (response.status !== 200) return []
    const first = await response.body?.getReader().read()
    return first?.done === false ? [ok("stream", "streamed responses arrive while they go on")] : []
  } catch (error) {
    return [stop.signal.aborted ? collected() : broken(error)]
  } finally {
    clearTimeout(deadline)
    stop.abort()
  }
}

const collected = (): Finding =>
  warning("stream", `of a streamed response nothing had come after ${FIRST_WORD_DEADLINE_MS / 1_000} s`, {
    cause:
      "a proxy or CDN collects responses before it passes them on; EventSource and streaming, which clients fall back to, do not work",
    fix: "nginx: proxy_buffering off; in a CDN: no caching, no compression and no transformation below /connection/",
  })

const broken = (error: unknown): Finding =>
  warning("stream", `a streamed response broke off (${(error as NodeJS.ErrnoException).code ?? error})`, {
    cause: "a proxy or firewall on the way ends responses that go on, which EventSource and streaming need",
    fix: "look into the log of the proxy for this moment; nginx: proxy_read_timeout 1h, proxy_buffering off",
  })
