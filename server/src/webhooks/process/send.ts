import { createHmac } from "node:crypto"
import type { WebhookEndpoint } from "../event.ts"

export interface Delivery {
  readonly endpoint: WebhookEndpoint
  /** The same for every attempt. */
  readonly id: string
  /** From 1. */
  readonly attempt: number
  readonly body: string
}

/** Sends one request. @throws Error that says why it is not delivered */
export async function send({ endpoint, id, attempt, body }: Delivery, signal: AbortSignal): Promise<void> {
  const { url, authorization } = splitCredentials(endpoint.url)
  const response = await fetch(url, {
    method: "POST",
    body,
    headers: {
      "Content-Type": "application/json",
      "X-Pusher-Key": endpoint.key,
      "X-Pusher-Signature": createHmac("sha256", endpoint.secret).update(body).digest("hex"),
      "X-Skein-Delivery": id,
      "X-Skein-Attempt": String(attempt),
      ...authorization,
      "User-Agent": "Skein-Webhooks",
      "Accept-Encoding": "gzip",
    },
    // Where a redirect leads is not for the endpoint to say: what we send is signed for it, and the place it
    // names may be inside our network.
    redirect: "manual",
    signal: AbortSignal.any([signal, AbortSignal.timeout(endpoint.timeoutMs)]),
  }).catch((error: unknown) => {
    throw inWords(error, endpoint.timeoutMs)
  })
  // The answer's text is of no use; unread it would keep the connection.
  await response.body?.cancel()
  if (response.status >= 200 && response.status < 300) return
  if (response.status >= 300 && response.status < 400)
    throw new Error(
      `answered ${response.status} to ${response.headers.get("location")?.slice(0, 200) ?? "nowhere"}: redirects are not followed, configure the final address`,
    )
  throw new Error(`answered ${response.status}`)
}

/** What Bun says of these ends in advice for whoever wrote the request; this is read by whoever runs the endpoint. */
const FAILURES: Readonly<Record<string, string>> = {
  ECONNREFUSED: "ECONNREFUSED: nothing listens at this address",
  ECONNRESET: "ECONNRESET: the connection was closed before an answer came",
}

function inWords(error: unknown, timeoutMs: number): unknown {
  if (!(error instanceof Error)) return error
  const { code } = error as NodeJS.ErrnoException
  const text = error.name === "TimeoutError" ? `no answer within ${timeoutMs} ms` : FAILURES[code ?? ""]
  return text === undefined ? error : new Error(text, { cause: error })
}

/** `https://user:password@host/…`: fetch takes none of that in an address. */
function splitCredentials(address: string): { readonly url: string; readonly authorization: Record<string, string> } {
  const url = new URL(address)
  if (url.username === "" && url.password === "") return { url: address, authorization: {} }
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  url.username = ""
  url.password = ""
  return { url: url.href, authorization: { Authorization: `Basic ${Buffer.from(credentials).toString("base64")}` } }
}
