import type { Clock } from "../core/clock.ts"
import { noteLimit } from "../core/limits.ts"

interface Waiting {
  readonly deadlineMs: number
  readonly tooLate: () => void
}

/**
 * Answers 503 for handlers that do not answer in time. Bun cuts idle requests only while their body is still coming:
 * one whose handler hangs would hold its connection for ever (bun#33612).
 *
 * Looked at by `sweep`, so that a request costs no timer.
 */
export class Deadlines {
  /** In order of their deadlines, which all lie the same time ahead. */
  readonly #waiting = new Set<Waiting>()
  readonly #timeoutMs: number
  readonly #clock: Clock

  constructor(timeoutMs: number, clock: Clock) {
    this.#timeoutMs = timeoutMs
    this.#clock = clock
  }

  within(answer: Promise<Response>): Promise<Response> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        deadlineMs: this.#clock.nowMs() + this.#timeoutMs,
        tooLate: () => {
          noteLimit("limits.request_timeout")
          resolve(tooLate(this.#timeoutMs))
        },
      }
      this.#waiting.add(waiting)
      answer.then(
        (response) => {
          this.#waiting.delete(waiting)
          resolve(response)
        },
        (error) => {
          this.#waiting.delete(waiting)
          reject(error)
        },
      )
    })
  }

  /** Answers for those that are late. Call about once a second. */
  sweep(): void {
    const nowMs = this.#clock.nowMs()
    for (const waiting of this.#waiting) {
      if (waiting.deadlineMs > nowMs) return
      this.#waiting.delete(waiting)
      waiting.tooLate()
    }
  }
}

const tooLate = (timeoutMs: number): Response =>
  new Response(
    `no answer within ${timeoutMs} ms; the server is overloaded or something it needs hangs (limits.request_timeout)\n`,
    {
      status: 503,
      headers: { "Content-Type": "text/plain; charset=utf-8", "Retry-After": "5", Connection: "close" },
    },
  )
