import { type ErrorCode, SkeinError, toSkeinError } from "../../core/errors.ts"
import type { StoreOperation } from "../contract.ts"

/** Main process and store child speak JSON arrays; a frame is a whole one. */
export const MAX_STORE_FRAME_BYTES = 64 * 1024 * 1024

export type Request = readonly [id: number, operation: StoreOperation, input: unknown]

export type Failure = {
  readonly code: ErrorCode
  readonly message: string
  readonly retryAfterMs?: number
  /** For the log only. */
  readonly cause?: string
}

/** The first answer of a child has id 0: it is open, or why it is not. */
export type Answer = readonly [id: number, ok: 1, output: unknown] | readonly [id: number, ok: 0, failure: Failure]

export const READY_ID = 0

export function toFailure(thrown: unknown): Failure {
  const { code, message, retryAfterMs, cause } = toSkeinError(thrown)
  return {
    code,
    message,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(cause === undefined ? {} : { cause: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause) }),
  }
}

export function fromFailure({ code, message, retryAfterMs, cause }: Failure): SkeinError {
  return new SkeinError(code, message, {
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(cause === undefined ? {} : { cause }),
  })
}
