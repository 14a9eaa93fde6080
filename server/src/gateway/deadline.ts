import type { Clock } from "../core/clock.ts"

/**
 * Answers 503 when a handler does not answer in time. Bun cuts idle requests only while their body is still coming:
 * one whose handler hangs would hold its connection for ever (bun#33612).
 */
export function withinDeadline(answer: Promise<Response>, deadlineMs: number, clock: Clock): Promise<Response> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(deadlineMs, () => resolve(tooLate(deadlineMs)))
    answer.then(resolve, reject).finally(cancel)
  })
}

const tooLate = (deadlineMs: number): Response =>
  new Response(`no answer within ${deadlineMs} ms; the server is overloaded or something it needs hangs\n`, {
    status: 503,
    headers: { "Content-Type": "text/plain; charset=utf-8", "Retry-After": "5", Connection: "close" },
  })
