/**
 * Local storage where there is any. In private windows, with blocked site data or a full disk it may be missing, or throw
 * as soon as it is named: the page then remembers less, and works all the same.
 */
export function kept(key: string): string | null {
  return tried(() => localStorage.getItem(key))
}

export function keep(key: string, value: string): void {
  tried(() => localStorage.setItem(key, value))
}

export function forget(key: string): void {
  tried(() => localStorage.removeItem(key))
}

function tried<T>(run: () => T): T | null {
  try {
    return run()
  } catch (error) {
    console.debug("Local storage not to be had:", error)
    return null
  }
}
