import { SkeinError } from "../../../core/errors.ts"

/** A store that does not answer says nothing about anybody: the client tries again, nobody is taken for a guest. */
export function storeOutage(store: string, cause: unknown): SkeinError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new SkeinError("internal", `the sessions in ${store} cannot be read: ${reason}`, { cause })
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
