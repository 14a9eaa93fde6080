/** A refusal of the server or a failure of the way to it. Codes below 100: no answer came. */
export class ChatError extends Error {
  constructor(
    readonly code: number,
    message: string,
    readonly retryAfterMs?: number,
  ) {
    super(message)
  }
}

/** Reads the `{error: {code, message}}` of an HTTP answer or the `{code, message}` of an RPC reply. */
export function toChatError(thrown: unknown, fallbackCode = 0): ChatError {
  if (thrown instanceof ChatError) return thrown
  const outer = (thrown ?? {}) as { error?: unknown }
  const inner = (outer.error ?? outer) as { code?: number; message?: string; retry_after_ms?: number }
  return new ChatError(inner.code ?? fallbackCode, inner.message ?? `HTTP ${fallbackCode}`, inner.retry_after_ms)
}
