import { SkeinError } from "../../../core/errors.ts"

/**
 * A store that does not answer says nothing about anybody: the client tries again, nobody is taken for a guest.
 * Where it is and what it said is the cause, for the log: clients are told the message.
 */
export function storeOutage(store: string, cause: unknown): SkeinError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new SkeinError("internal", "the site's sessions cannot be read at the moment", {
    cause: new Error(`the sessions in ${store} cannot be read: ${reason}`, { cause }),
  })
}

/** Settles like the promise, or throws once the time is over. @throws Error */
export async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** What the log is told of an error. */
export function reasonOf(error: unknown): string {
  const told = error instanceof SkeinError && error.cause instanceof Error ? error.cause : error
  return told instanceof Error ? told.message : String(told)
}
