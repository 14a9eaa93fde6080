import { SkeinError } from "../../core/errors.ts"

/** What was wrong with what is refused: by this refusals are counted, and explained by `skein doctor`. */
export type Wrong =
  | "app"
  | "key"
  | "secret"
  | "socket_id"
  | "channel"
  | "channel_data"
  | "clock"
  | "body"
  | "origin"
  | "protocol"
  | "permission"
  | "limit"
  | "request"
  | "server"

interface Details {
  readonly wrong?: Wrong
  readonly code?: number
  readonly forLog?: string | undefined
}

/** Something a client asked for and does not get. The text goes to the client, `forLog` only to the log. */
export class Refusal extends Error {
  override readonly name = "Refusal"
  /** As in `pusher:error`: Pusher gives most refusals no number. */
  readonly code: number | null
  readonly status: number
  readonly wrong: Wrong
  readonly forLog: string | undefined

  constructor(status: number, text: string, { wrong = usuallyWrong(status), code, forLog }: Details = {}) {
    super(text)
    this.status = status
    this.wrong = wrong
    this.code = code ?? null
    this.forLog = forLog
  }
}

function usuallyWrong(status: number): Wrong {
  if (status >= 500) return "server"
  if (status === 413 || status === 429) return "limit"
  return status === 401 || status === 403 ? "permission" : "request"
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
