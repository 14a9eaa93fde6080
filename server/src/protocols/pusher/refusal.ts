import { SkeinError } from "../../core/errors.ts"

/** Something a client asked for and does not get. The text goes to the client, `forLog` only to the log. */
export class Refusal extends Error {
  override readonly name = "Refusal"
  /** As in `pusher:error`: Pusher gives most refusals no number. */
  readonly code: number | null
  readonly status: number
  readonly forLog: string | undefined

  constructor(status: number, text: string, { code, forLog }: { code?: number; forLog?: string | undefined } = {}) {
    super(text)
    this.status = status
    this.code = code ?? null
    this.forLog = forLog
  }
}

/** Anything thrown as a refusal; the text of what we did not expect stays in the log. */
export function toRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  if (error instanceof SkeinError && error.code !== "internal") return new Refusal(error.httpStatus, error.message)
  const cause = error instanceof SkeinError ? (error.cause ?? error) : error
  return new Refusal(500, "Internal server error", {
    forLog: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause),
  })
}
