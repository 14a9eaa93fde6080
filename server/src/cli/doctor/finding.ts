/** "problem": something does not work. "warning": it works, but will not always. "note": worth knowing. */
export type Severity = "ok" | "note" | "warning" | "problem"

/** One thing that was looked at. */
export interface Finding {
  /** What it is about, a stable name for scripts: `tls.expiry`. */
  readonly about: string
  readonly severity: Severity
  /** What was found, in a sentence. */
  readonly says: string
  /** Likeliest cause, and what to do about it. Always there for problems and warnings. */
  readonly cause?: string
  readonly fix?: string
}

/** Something that was looked at and is as it should be. */
export const ok = (about: string, says: string): Finding => ({ about, severity: "ok", says })

/** Something worth knowing. @param fix - what one may want to do about it */
export const note = (about: string, says: string, fix?: string): Finding => ({
  about,
  severity: "note",
  says,
  ...(fix === undefined ? {} : { fix }),
})

interface Remedy {
  readonly cause: string
  readonly fix: string
}

/** Something that works, but will not always. */
export const warning = (about: string, says: string, remedy: Remedy): Finding => ({
  about,
  severity: "warning",
  says,
  ...remedy,
})

/** Something that does not work. */
export const problem = (about: string, says: string, remedy: Remedy): Finding => ({
  about,
  severity: "problem",
  says,
  ...remedy,
})

export const isProblem = ({ severity }: Finding): boolean => severity === "problem"
