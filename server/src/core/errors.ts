/**
 * The one error class and the one table of codes.
 *
 * Numbers 100–113 are the Centrifuge protocol's own (centrifuge v0.38 `errors.go`), so every SDK knows them;
 * ours live in its range for applications, 400–1999. A number MUST NOT be reused once retired.
 */
interface ErrorRow {
  readonly number: number
  /** What a client shows or logs when the error carries no text of its own. */
  readonly text: string
  /** True: the same command may succeed later, SDKs retry by themselves. */
  readonly temporary: boolean
  readonly httpStatus: number
}

const row = (number: number, httpStatus: number, text: string, temporary = false): ErrorRow => ({
  number,
  httpStatus,
  text,
  temporary,
})

/** By code. The texts are the protocol's own where it has one. */
export const ERRORS = {
  internal: row(100, 500, "internal server error", true),
  unauthorized: row(101, 401, "unauthorized"),
  unknown_channel: row(102, 404, "unknown channel"),
  permission_denied: row(103, 403, "permission denied"),
  method_not_found: row(104, 404, "method not found"),
  already_subscribed: row(105, 409, "already subscribed"),
  limit_exceeded: row(106, 403, "limit exceeded"),
  bad_request: row(107, 400, "bad request"),
  not_available: row(108, 400, "not available"),
  token_expired: row(109, 401, "token expired"),
  expired: row(110, 401, "expired"),
  too_many_requests: row(111, 429, "too many requests", true),
  unrecoverable_position: row(112, 416, "unrecoverable position"),
  conflict: row(113, 409, "conflict"),
  not_found: row(404, 404, "not found"),
  payload_too_large: row(413, 413, "payload too large"),
  not_a_member: row(1001, 403, "not a member of this conversation"),
  text_too_long: row(1002, 413, "text too long"),
  name_taken: row(1003, 409, "name taken"),
  storage_full: row(1010, 507, "storage is full", true),
  storage_unavailable: row(1011, 503, "storage is unavailable", true),
  shutting_down: row(1012, 503, "server is shutting down", true),
} as const satisfies Record<string, ErrorRow>

export type ErrorCode = keyof typeof ERRORS

/**
 * Errors made by this process so far, by code: how often each limit and rule said no (promise P6).
 * Counted here because every refusal of every part passes here.
 */
export const errorCounts: ReadonlyMap<ErrorCode, number> = new Map()

export interface SkeinErrorOptions {
  cause?: unknown
  /** When trying again makes sense, in milliseconds from now. */
  retryAfterMs?: number
}

/** A refusal or failure with a code of the table. The message says what was expected, what came, the likeliest cause. */
export class SkeinError extends Error {
  readonly code: ErrorCode
  readonly retryAfterMs: number | undefined

  constructor(code: ErrorCode, message?: string, options: SkeinErrorOptions = {}) {
    super(message ?? ERRORS[code].text, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = "SkeinError"
    this.code = code
    this.retryAfterMs = options.retryAfterMs
    const counts = errorCounts as Map<ErrorCode, number>
    counts.set(code, (counts.get(code) ?? 0) + 1)
  }

  get number(): number {
    return ERRORS[this.code].number
  }

  get temporary(): boolean {
    return ERRORS[this.code].temporary
  }

  get httpStatus(): number {
    return ERRORS[this.code].httpStatus
  }
}

/** Anything thrown, as a SkeinError: unknown errors become `internal` outward and keep their cause for the log. */
export function toSkeinError(error: unknown): SkeinError {
  return error instanceof SkeinError ? error : new SkeinError("internal", undefined, { cause: error })
}

/** Whether a request ended because its client hung up in the middle of it. That is no failure, and needs no answer. */
export const isHangUp = (error: unknown): boolean => error instanceof Error && error.name === "AbortError"
