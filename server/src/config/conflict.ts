/** A problem between settings that are fine one by one. */
export interface Conflict {
  /** The settings it is about, the one to name first. */
  readonly names: readonly string[]
  /** Completes a sentence that begins with the first of `names`. */
  readonly text: string
}
