import { BadAnswer } from "./answers.ts"

/** Where to ask, and for how long to wait. */
export interface AskOptions {
  readonly url: string
  readonly timeoutMs: number
}

const MAX_ANSWER_BYTES = 16_384

/**
 * One question to the site: whose cookies are these?
 *
 * @throws BadAnswer; the errors of `fetch` when the site cannot be reached or is too slow
 */
export async function ask({ url, timeoutMs }: AskOptions, cookies: string): Promise<{ status: number; body: string }> {
  const response = await fetch(url, {
    headers: { cookie: cookies, accept: "application/json", "user-agent": "skein" },
    // Cookies go to the address configured and to no other.
    redirect: "manual",
    signal: AbortSignal.timeout(timeoutMs),
  })
  return { status: response.status, body: await bodyOf(response) }
}

async function bodyOf(response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let body = ""
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    if (bytes > MAX_ANSWER_BYTES) throw new BadAnswer(`the answer is longer than ${MAX_ANSWER_BYTES} bytes`)
    body += decoder.decode(chunk, { stream: true })
  }
  return body + decoder.decode()
}
