/** A session as it lies in the store. */
export interface StoredSession {
  readonly bytes: Uint8Array
  /** Memcached: the item's flags. */
  readonly flags?: number
  /** Stores that keep what has expired: when it was last written, Unix milliseconds. */
  readonly writtenAtMs?: number
}

/** Where a site keeps its sessions. Only ever read: the site owns what is there. */
export interface SessionStore {
  /**
   * What is under the key now; undefined: nothing. MUST answer or throw within its time-out.
   *
   * @throws SkeinError `internal` (temporary) when the store cannot be asked
   */
  read(key: string): Promise<StoredSession | undefined>
  /**
   * Calls back whenever something happened to the key, and once when it begins to notice, until the returned function
   * is called.
   * Absent, or `announces()` false: changes are only found by reading again.
   */
  watch?(key: string, onChange: () => void): () => void
  /** Whether `watch` can be relied on at the moment. */
  announces?(): boolean
  close(): Promise<void>
}
